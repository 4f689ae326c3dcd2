"""Every address that names an object, called within a space by whoever may not: a reader, a stranger, a former member.

As in test_isolation, the addresses come from the resolver and the API's description, and no refusal may change a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.permissions import PERMISSIONS, SPACE_READER
from accounts.spaces.acting import HEADER
from accounts.spaces.making import create_space
from accounts.spaces.membership import Membership
from accounts.spaces.sharing import share_with_person, unshare
from tests.api_client import ApiClient
from tests.contracts.objects import SECRET, objects_of, objects_within, watching
from tests.contracts.test_isolation import CSRF, FORM, NEEDING, OBJECT_PAGES, PAGES, address


@pytest.fixture(autouse=True)
def unhurried(settings: Settings) -> None:
    settings.RATE_LIMITS = False


@pytest.fixture
def space(owner: User) -> Membership:
    return create_space(by=owner, name="Family")


@pytest.fixture
def things(space: Membership, owner: User) -> dict[str, Any]:
    """The space's where it has such things, its manager's where only people have."""
    return objects_within(space.space.owner, owner)


def in_space(space: Membership) -> dict[str, str]:
    return {HEADER: str(space.space.id)}


def within(space: Membership, path: str) -> str:
    return f"/in/{space.space.id}{path}"


def means_something(permission: str) -> bool:
    return permission in PERMISSIONS and bool(PERMISSIONS[permission].in_space)


def test_a_reader_changes_nothing_through_the_api(
    space: Membership, things: dict[str, Any], other: User, client_for: Callable[[User], Client]
) -> None:
    share_with_person(manager=space, email=other.email, role="reader")
    key, session = ApiClient(other, ("*",)).client, client_for(other)
    look = watching()
    before, refused, read = look(), 0, 0
    for operation in NEEDING:
        if SPACE_READER in PERMISSIONS[operation.permission].in_space:
            read += operation.method == "get" and operation.send(key, things, **in_space(space)).status_code == 200
            continue
        for response in (
            operation.send(key, things, **in_space(space)),
            operation.send(session, things, **in_space(space), **CSRF),
        ):
            assert response.status_code == 403, (operation, response.content[:200])
            assert SECRET not in response.content.decode(), operation
        refused += 1
    assert refused >= 40 and read >= 15
    assert _but_questions(look()) == _but_questions(before)


def _but_questions(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """A reader's questions are logged, as everybody's are."""
    return [row for row in rows if row[0] not in ("memories_retrieval", "memories_retrievalhit")]


@pytest.mark.parametrize("former", [False, True], ids=["stranger", "former member"])
def test_who_is_not_in_it_finds_nothing_there(
    former: bool, space: Membership, things: dict[str, Any], other: User, client_for: Callable[[User], Client]
) -> None:
    if former:
        share = share_with_person(manager=space, email=other.email, role="editor")
        unshare(manager=space, share_id=share.id)
    key, session = ApiClient(other, ("*",)).client, client_for(other)
    look = watching()
    before = look()
    for operation in NEEDING:
        for response in (
            operation.send(key, things, **in_space(space)),
            operation.send(session, things, **in_space(space), **CSRF),
        ):
            assert response.status_code == 404, (operation, response.content[:200])
    for page in PAGES.values():
        if any(map(means_something, page.needs)):
            for method in ("get", "post"):
                response = getattr(session, method)(within(space, address(page, things)), FORM)
                assert response.status_code in (404, 405), (page, method)
                assert SECRET not in response.content.decode(), page
    assert look() == before


def test_a_reader_changes_nothing_on_pages(
    space: Membership, things: dict[str, Any], other: User, client_for: Callable[[User], Client]
) -> None:
    share_with_person(manager=space, email=other.email, role="reader")
    client, shown = client_for(other), 0
    look = watching()
    before = look()
    form = FORM | {"ids": [things["memory_id"]], "keep": things["memory_id"]}
    for name, page in PAGES.items():
        if not any(map(means_something, page.needs)):
            continue
        for action in ("delete", "archive", "rename", "tags", "pin"):
            response = client.post(within(space, address(page, things)), form | {"action": action})
            assert response.status_code in (403, 405), (page, response.status_code)
        shown += name in OBJECT_PAGES and client.get(within(space, address(page, things))).status_code == 200
    assert shown >= 8
    assert _but_questions(look()) == _but_questions(before)


def test_a_member_reaches_their_own_things_by_no_space(
    space: Membership, staff: User, client_for: Callable[[User], Client]
) -> None:
    """And the other way round: what is the member's own is not found in the space."""
    share_with_person(manager=space, email=staff.email, role="editor")
    own = objects_of(staff)
    key, session = ApiClient(staff, ("*",)).client, client_for(staff)
    look = watching()
    before = look()
    for operation in NEEDING:
        if operation.names_object and means_something(operation.permission):
            response = operation.send(key, own, **in_space(space))
            assert response.status_code == 404, (operation, response.content[:200])
    for page in OBJECT_PAGES.values():
        if any(map(means_something, page.needs)):
            statuses = {
                getattr(session, m)(within(space, address(page, own)), FORM).status_code for m in ("get", "post")
            }
            assert 404 in statuses and statuses <= {404, 405}, (page, statuses)
    assert look() == before
