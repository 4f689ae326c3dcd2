"""Every address, called by whoever may not: another person, a key without the scope, a role without the right, nobody.

The addresses come from the URL resolver and the API's own description, so that new ones are tried without being named
here. Each refusal must change no row of any table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.access import NOBODY
from accounts.models import Role, User
from accounts.permissions import PERMISSIONS, SCOPES, scopes_of_role
from conftest import PASSWORD
from memshadow.api import api, mem0_api
from memshadow.api_openapi import declared_by, operations
from tests.api_client import ApiClient
from tests.contracts.objects import GROUP, NOT_OBJECTS, SECRET, objects_of, watching
from tests.contracts.routes import Route, pages

Look = Callable[[], list[tuple[Any, ...]]]
PAGES = pages()
SEALED = (Path(__file__).parents[2] / "memcli/tests/typage.age").read_text()
# Bodies that a change needs to get as far as the object; without one, {} is sent.
BODIES: dict[str, Any] = {
    "edit_memory": {"content": "taken over"},
    "rename_tag": {"name": "taken-over"},
    "edit_persona": {"name": "Taken over"},
    "edit_saved_search": {"name": "Taken over"},
    "rename_second_factor": {"name": "Taken over"},
    "rename_space": {"name": "Taken over"},
    "offer_space": {"email": "mallory@example.org", "role": "manager"},
    "share_space_with_group": {"group_id": GROUP},
    "change_share": {"role": "manager"},
    "remove_second_factor": {"password": PASSWORD},
    "edit_context_target": {"name": "taken over"},
    "start_move": {"from": "space"},
    "put_sealed_vectors": {"embedding_model": "all-MiniLM-L6-v2", "vectors": [[0.1] * 384]},
    "seal_memory": {"ciphertext": SEALED, "updated_at": "2026-01-01T00:00:00Z"},
    "correct_entity": {"name": "taken over"},
    "mark_point_as": {"state": "done"},
    "merge_entities": {"others": ["00000000-0000-7000-8000-000000000000"]},
    "merge_topics": {"others": ["00000000-0000-7000-8000-000000000000"]},
    "merge_duplicates": {"keep_id": "00000000-0000-7000-8000-000000000000"},
    "set_duplicate_policy": {"policy": "propose"},
    "correct_topic": {"label": "taken over"},
    "split_entity": {"names": ["00000000-0000-7000-8000-000000000000"]},
    "mem0_update": {"text": "taken over"},
}
# Their bodies name objects too; enrichment/tests/test_*_api.py and test_duplicates.py try them.
NAMING_MORE = {"merge_entities", "split_entity", "merge_topics", "merge_duplicates"}
CSRF = {"X-CSRFToken": "x"}  # test clients are not asked for the right one
FORM = {
    "action": "delete",
    "confirmed": "1",
    "content": "changed",
    "name": "changed",
    "tags": "changed",
    "tag": "changed",
    "query": "changed",
    "grace_hours": "0",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API."""

    id: str
    method: str
    path: str
    scope: str
    permission: str

    @property
    def parameters(self) -> set[str]:
        """The names in its path."""
        return set(re.findall(r"{(\w+)}", self.path))

    @property
    def names_object(self) -> bool:
        """Whether something of a person's is named."""
        return bool(self.parameters - set(NOT_OBJECTS))

    def send(self, client: Client, things: dict[str, Any], **headers: str) -> Any:
        """Call it."""
        body: dict[str, Any] = {}
        if self.method in ("post", "patch", "put"):
            body = {"data": json.dumps(BODIES.get(self.id, {})), "content_type": "application/json"}
        return getattr(client, self.method)(self.path.format(**things), headers=headers, **body)


def _operations() -> Iterator[Operation]:
    permissions = {op.view_func.__name__: getattr(declared_by(op), "permission", "") for op in operations(api)}
    for path, methods in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items():
        for method, details in methods.items():
            name = details["operationId"]
            yield Operation(name, method, path, details["x-required-scope"], permissions[name])
    for operation in operations(mem0_api):  # which have no description of their own
        need, path = declared_by(operation), re.sub(r"{(?:\w+:)?(\w+)}", r"{\1}", operation.path)
        assert need is not None and len(operation.methods) == 1, path
        name = operation.view_func.__name__
        yield Operation(name, operation.methods[0].lower(), f"/mem0/{path.lstrip('/')}", need.name, need.permission)


OPERATIONS = list(_operations())
NAMING = [operation for operation in OPERATIONS if operation.names_object]
NEEDING = [operation for operation in OPERATIONS if operation.permission != NOBODY]
OBJECT_PAGES = {name: page for name, page in PAGES.items() if page.parameters - set(NOT_OBJECTS)}


@pytest.fixture(autouse=True)
def unhurried(settings: Settings) -> None:
    """So many refusals in a row would be refused for being many."""
    settings.RATE_LIMITS = False


@pytest.fixture
def things(owner: User) -> dict[str, Any]:
    return objects_of(owner)


@pytest.fixture
def look(things: dict[str, Any]) -> Look:
    """All tables, after the objects are there."""
    return watching()


def address(page: Route, things: dict[str, Any]) -> str:
    return reverse(page.name, kwargs={name: things[name] for name in page.parameters})


def test_every_parameter_of_an_address_has_an_object_to_try(things: dict[str, Any]) -> None:
    named = {name for page in PAGES.values() for name in page.parameters}
    named |= {name for operation in OPERATIONS for name in operation.parameters}
    assert sorted(named - set(things)) == [], "make an object for these in tests/contracts/objects.py"
    assert len(NAMING) >= 25 and len(OBJECT_PAGES) >= 15 and len(NEEDING) > 55


def test_the_look_at_the_tables_sees_every_change(owner: User, things: dict[str, Any], look: Look) -> None:
    before = look()
    assert len(before) > 15 and look() == before
    ApiClient(owner).patch(f"/memories/{things['memory_id']}", {"pinned": True})
    assert {name for name, *_ in set(look()) - set(before)} >= {"memories_memory", "memories_memoryrevision"}


@pytest.mark.parametrize("attacker", [Role.MEMBER, Role.ADMINISTRATOR])
def test_the_api_shows_another_persons_things_to_nobody(
    attacker: str, make_user: Callable[..., User], client_for: Callable[[User], Client], things: dict[str, Any]
) -> None:
    other = make_user("mallory@example.org", attacker)
    key, session = ApiClient(other, ("*",)).client, client_for(other)
    look = watching()
    before, wrong = look(), []
    for operation in NAMING:
        by_key, by_session = operation.send(key, things), operation.send(session, things, **CSRF)
        for response in (by_key, by_session):
            if response.status_code != 404 or response.json()["code"] != "not-found":
                wrong.append((operation.id, response.status_code, response.content[:200]))
            assert SECRET not in response.content.decode(), operation
        assert look() == before, operation
    assert wrong == [], "404 was due; an operation that wants a body needs one in BODIES"


def test_the_api_shows_ones_own_things(owner: User, things: dict[str, Any]) -> None:
    """The other half: the 404 above comes from the owner, not from a wrong id."""
    client, wrong = ApiClient(owner, ("*",)).client, []
    for operation in NAMING:
        with transaction.atomic():
            status = operation.send(client, things).status_code
            if status not in (200, 201, 202, 204, 409) and operation.id not in NAMING_MORE:
                wrong.append((operation.id, status))
            transaction.set_rollback(True)
    assert wrong == []


def test_the_api_without_credentials(things: dict[str, Any], look: Look) -> None:
    before = look()
    for operation in NEEDING:
        for headers in ({}, {"Authorization": "Bearer msh_wrong"}, {"X-API-Key": "msa_wrong"}):
            response = operation.send(Client(), things, **headers)
            assert response.status_code == 401, operation
            assert response["WWW-Authenticate"].startswith('Bearer realm="memshadow"'), operation
            assert (response["Content-Type"], response.json()["code"]) == (
                "application/problem+json",
                "not-authenticated",
            )
    assert look() == before


@pytest.mark.parametrize("missing", sorted(SCOPES))
def test_the_api_without_a_scope(missing: str, owner: User, things: dict[str, Any]) -> None:
    client = ApiClient(owner, tuple(set(SCOPES) - {missing})).client
    look = watching()
    before = look()
    for operation in NEEDING:
        if operation.scope == missing:
            response = operation.send(client, things)
            assert (response.status_code, response.json()["scope"]) == (403, missing), operation
            assert f'scope="{missing}"' in response["WWW-Authenticate"], operation
    assert look() == before


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_the_api_without_the_role(role: str, owner: User, things: dict[str, Any]) -> None:
    """Also with a key that was made while the role was a better one."""
    client = ApiClient(owner, ("*",)).client
    User.objects.filter(pk=owner.pk).update(role=role)
    look = watching()
    before, tried = look(), 0
    for operation in NEEDING:
        if role not in PERMISSIONS[operation.permission].roles:
            assert operation.send(client, things).status_code == 403, operation
            tried += 1
    assert look() == before and tried >= 10


def test_pages_without_a_session(things: dict[str, Any], look: Look) -> None:
    before = look()
    for page in PAGES.values():
        for method in ("get", "post"):
            response = getattr(Client(), method)(address(page, things), FORM)
            if NOBODY not in page.needs:
                assert response.status_code == 302, page
                assert response["Location"].startswith("/account/login/"), page
    assert look() == before


@pytest.mark.parametrize("attacker", [Role.MEMBER, Role.ADMINISTRATOR])
def test_pages_show_another_persons_things_to_nobody(
    attacker: str, make_user: Callable[..., User], client_for: Callable[[User], Client], things: dict[str, Any]
) -> None:
    client = client_for(make_user("mallory@example.org", attacker))
    look = watching()
    before = look()
    for page in OBJECT_PAGES.values():
        if attacker == Role.ADMINISTRATOR and "server" in page.needs:
            continue  # what an administrator may do to others is theirs to do
        statuses = []
        for method in ("get", "post"):
            response = getattr(client, method)(address(page, things), FORM)
            statuses.append(response.status_code)
            assert SECRET not in response.content.decode(), page
            assert look() == before, page
        refusal = 403 if "server" in page.needs else 404
        assert refusal in statuses and set(statuses) <= {refusal, 405}, (page, statuses)


def test_pages_of_things_that_are_not_there(
    owner: User, things: dict[str, Any], client_for: Callable[[User], Client]
) -> None:
    unknown = {name: uuid4() if isinstance(value, UUID) else value for name, value in things.items()}
    client = client_for(owner)
    for page in OBJECT_PAGES.values():
        statuses = {getattr(client, method)(address(page, unknown), FORM).status_code for method in ("get", "post")}
        assert 404 in statuses and statuses <= {404, 405}, (page, statuses)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_pages_without_the_role(
    role: str, headers: dict[str, str], owner: User, things: dict[str, Any], client_for: Callable[[User], Client]
) -> None:
    User.objects.filter(pk=owner.pk).update(role=role)
    owner.refresh_from_db()
    client = client_for(owner)
    look = watching()
    before, tried = look(), 0
    form = FORM | {"ids": [things["memory_id"]], "keep": things["memory_id"]}
    for page in PAGES.values():
        for method, need in (("get", page.needs[0]), ("post", page.needs[-1])):
            if need == NOBODY or role in PERMISSIONS[need].roles:
                continue
            for action in ("delete", "archive", "rename", "tags", "pin"):
                response = getattr(client, method)(address(page, things), form | {"action": action}, headers=headers)
                assert response.status_code == (200 if headers else 403), page
                assert not headers or response["HX-Reswap"] == "none", page
            tried += 1
    assert look() == before and tried >= 3


def test_a_viewer_changes_nothing_on_a_page_that_is_open_to_them(
    owner: User, things: dict[str, Any], client_for: Callable[[User], Client]
) -> None:
    """A page that declares too little shows here: but for what is their own, posting to it must change nothing."""
    User.objects.filter(pk=owner.pk).update(role=Role.VIEWER)
    owner.refresh_from_db()
    client = client_for(owner)
    look = watching()
    before = look()
    form = FORM | {"ids": [things["memory_id"]], "keep": things["memory_id"]}
    for page in PAGES.values():
        if not {NOBODY, "account"} & set(page.needs):
            for action in ("delete", "archive", "rename", "tags", "pin"):
                response = client.post(address(page, things), form | {"action": action})
                assert response.status_code in (403, 405), page
                assert look() == before, page


def test_scopes_and_roles_meet_in_one_table() -> None:
    for role in Role.values:
        assert scopes_of_role(role) == {p.scope for p in PERMISSIONS.values() if role in p.roles} - {""}
