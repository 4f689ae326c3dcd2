"""Every operation of the API: who may call it, with what, and what the others are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.flows.api_keys import create_api_key, revoke_api_key
from accounts.models import ApiKey, Role, User
from accounts.permissions import SCOPES
from accounts.scopes import NoSignIn
from memories.models import Memory
from memshadow.api import api, mem0_api
from memshadow.api_openapi import declared_by, operations
from memshadow.lib.clock import now
from tests.api_client import ApiClient

Case = tuple[str, str, str]


def cases() -> list[Case]:
    """(method, path, scope) of every operation."""
    schema = api.get_openapi_schema(path_prefix="/api/v1/")
    return [
        (method.upper(), path, details["x-required-scope"])
        for path, methods in schema["paths"].items()
        for method, details in methods.items()
    ]


NO_SIGN_IN = {"sign_in", "refresh_tokens", "revoke_tokens"}
NEEDING_SCOPES = [case for case in cases() if case[2] != "none"]


def call(client: Client, method: str, path: str) -> Any:
    """Call an operation with made-up ids; whoever gets past authorisation meets 404 or 422."""
    concrete = path.replace("{number}", "1").replace("{format}", "csv")
    while "{" in concrete:
        start, end = concrete.index("{"), concrete.index("}")
        concrete = concrete[:start] + str(uuid4()) + concrete[end + 1 :]
    body = {"data": {}, "content_type": "application/json"} if method in ("POST", "PATCH", "PUT") else {}
    return getattr(client, method.lower())(concrete, **body)


@pytest.fixture
def key_client(owner: User) -> Callable[..., Client]:
    """A client with an API key of the owner that has these scopes."""

    def make(*scopes: str) -> Client:
        return ApiClient(owner, scopes).client

    return make


def test_every_operation_declares_exactly_one_scope() -> None:
    found = list(operations(api))
    assert len(found) > 35
    for operation in found:
        assert len(operation.auth_callbacks) == 1, operation.path
        assert declared_by(operation) is not None, operation.path


READING_POSTS = {
    "search_memories_by_body",
    "search_batch",
    "search_by_vector",
    "prepare_context",
    "convert_context",
    "mem0_search",
    "mem0_list_filtered",
}
TAKEN_BACK = {"delete_feedback", "forget_context_feedback", "remove_learnt_rule"}


def test_only_getting_tokens_needs_no_credentials() -> None:
    declared = {operation.view_func.__name__: declared_by(operation) for operation in operations(api)}
    assert {name for name, need in declared.items() if isinstance(need, NoSignIn)} == NO_SIGN_IN


def test_whatever_changes_something_needs_more_than_reading() -> None:
    for operation in (*operations(api), *operations(mem0_api)):
        declared = declared_by(operation)
        assert declared is not None
        if operation.methods != ["GET"] and operation.view_func.__name__ not in READING_POSTS:
            assert declared.permission not in ("any", "memories:read", "export"), operation.path


def test_whatever_removes_something_needs_the_scope_for_that() -> None:
    deleting = [one for one in (*operations(api), *operations(mem0_api)) if "DELETE" in one.methods]
    assert len(deleting) > 8
    for operation in deleting:
        declared = declared_by(operation)
        if operation.view_func.__name__ not in TAKEN_BACK:
            assert declared and declared.permission in ("memories:delete", "account", "server"), operation.path


@pytest.mark.parametrize(("method", "path", "scope"), NEEDING_SCOPES)
def test_with_the_scope_it_gets_further(key_client: Callable[..., Client], method: str, path: str, scope: str) -> None:
    only = "memories:read" if scope == "any" else scope
    assert call(key_client(only), method, path).status_code not in (401, 403, 405, 500)


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": "Bearer {}"},
        {"Authorization": "bearer {}"},
        {"Authorization": "Token {}"},
        {"X-API-Key": "{}"},
        {"Authorization": "Basic dXNlcjpwYXNz", "X-API-Key": "{}"},
    ],
)
def test_a_key_works_in_each_header(owner: User, header: dict[str, str]) -> None:
    _, text = create_api_key(owner=owner, name="k", scopes=["memories:read"])
    headers = {name: value.format(text) for name, value in header.items()}
    body = Client().get("/api/v1/me", headers=headers).json()
    assert (body["email"], body["scopes"], body["api_key"]["name"]) == (owner.email, ["memories:read"], "k")


def me_with(text: str) -> Any:
    return Client().get("/api/v1/me", headers={"Authorization": f"Bearer {text}"})


def test_a_revoked_key_is_401(owner: User) -> None:
    key, text = create_api_key(owner=owner, name="k", scopes=["memories:read"])
    assert me_with(text).status_code == 200
    revoke_api_key(owner=owner, key_id=key.id)
    response = me_with(text)
    assert response.status_code == 401
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_an_expired_key_is_401(owner: User) -> None:
    key, text = create_api_key(owner=owner, name="k", scopes=["memories:read"], expires_in=timedelta(hours=1))
    assert me_with(text).status_code == 200
    ApiKey.objects.filter(id=key.id).update(expires_at=now())
    assert me_with(text).status_code == 401


def test_the_key_of_someone_who_was_locked_out_is_401(owner: User) -> None:
    _, text = create_api_key(owner=owner, name="k", scopes=["memories:read"])
    User.objects.filter(id=owner.id).update(is_active=False)
    assert me_with(text).status_code == 401


@pytest.mark.parametrize("damage", ["", "x", "msh_abc", "ümlaut", "\x7f"])
@pytest.mark.django_db
def test_a_damaged_key_is_401(damage: str) -> None:
    assert me_with(damage).status_code == 401


def test_a_wrong_key_is_not_saved_by_a_session(owner: User, client_for: Callable[[User], Client]) -> None:
    response = client_for(owner).get("/api/v1/me", headers={"Authorization": "Bearer msh_wrong"})
    assert response.status_code == 401


def test_a_key_reaches_only_what_its_owners_role_still_allows(owner: User) -> None:
    api_client = ApiClient(owner, ("memories:read", "memories:write"))
    User.objects.filter(id=owner.id).update(role=Role.VIEWER)
    assert api_client.get("/me").json()["scopes"] == ["memories:read"]
    assert api_client.post("/memories", {"content": "x"}).status_code == 403
    assert Memory.objects.count() == 0


def test_a_session_reads_and_has_the_scopes_of_its_role(
    owner: User, viewer: User, client_for: Callable[[User], Client]
) -> None:
    assert client_for(owner).get("/api/v1/me").json()["scopes"] == sorted(SCOPES)
    body = client_for(viewer).get("/api/v1/me").json()
    assert (body["scopes"], body["api_key"]) == (["admin", "export", "memories:read"], None)


def test_a_session_changes_things_with_the_csrf_token_only(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    send: dict[str, Any] = {"data": {"content": "x"}, "content_type": "application/json"}
    assert client.post("/api/v1/memories", **send).status_code == 403
    assert client.post("/api/v1/memories", **send, headers={"X-CSRFToken": "a" * 32}).status_code == 403
    assert Memory.objects.count() == 0
    client.get("/api/v1/docs")
    token = client.cookies["csrftoken"].value
    assert client.post("/api/v1/memories", **send, headers={"X-CSRFToken": token}).status_code == 201
    form = {"csrfmiddlewaretoken": token, "content": "x"}
    assert client.post("/api/v1/memories", form).status_code == 403


def test_a_viewers_session_changes_nothing(viewer: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(viewer)
    response = client.post("/api/v1/memories", data={"content": "x"}, content_type="application/json")
    assert response.status_code == 403
    assert Memory.objects.count() == 0
