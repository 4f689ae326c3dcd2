"""API keys and `me` through the JSON API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import ApiKey, AuditEvent, User
from accounts.tokens import hash_secret
from memshadow.lib.clock import now
from tests.api_client import ApiClient


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner, ("admin",))


def test_a_key_is_made_shown_once_and_works(api: ApiClient, owner: User) -> None:
    until = now() + timedelta(days=30)
    response = api.post("/api-keys", {"name": " laptop ", "scopes": ["write", "read"], "expires_at": until.isoformat()})
    body = response.json()
    assert response.status_code == 201, response.content
    row = ApiKey.objects.get(id=body["id"])
    assert (row.owner_id, row.name, row.scopes) == (owner.id, "laptop", ["read", "write"])
    assert row.expires_at is not None
    assert abs(row.expires_at - until) < timedelta(minutes=1)
    assert bytes(row.secret_hash) == hash_secret(body["key"])
    assert body["key"].startswith(f"msh_{row.prefix}_")
    assert AuditEvent.objects.filter(action="api_key.created", object_id=str(row.id)).exists()
    listed = api.get("/api-keys")
    assert body["key"] not in listed.content.decode()
    assert {item["name"] for item in listed.json()["items"]} == {"laptop", "test"}
    assert all("key" not in item for item in listed.json()["items"])
    headers = {"Authorization": f"Bearer {body['key']}"}
    assert api.client.get("/api/v1/me", headers=headers).json()["api_key"]["id"] == body["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["read"]}, "name"),
        ({"name": " ", "scopes": ["read"]}, "name"),
        ({"name": "k", "scopes": []}, "scopes"),
        ({"name": "k", "scopes": ["root"]}, "scopes.0"),
        ({"name": "k", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "k", "scopes": ["read"], "expires_at": "2999-01-01"}, "expires_at"),
        ({"name": "k", "scopes": ["read"], "expires": "2999-01-01T00:00:00Z"}, "expires"),
    ],
)
def test_a_mistake_makes_no_key(api: ApiClient, body: dict[str, Any], field: str) -> None:
    response = api.post("/api-keys", body)
    assert response.status_code == 422, response.content
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert ApiKey.objects.count() == 1


def test_a_revoked_key_is_worthless_at_once(api: ApiClient, owner: User) -> None:
    victim = ApiClient(owner, ("read",))
    key_id = victim.get("/me").json()["api_key"]["id"]
    assert api.delete(f"/api-keys/{key_id}").status_code == 204
    assert ApiKey.objects.get(id=key_id).revoked_at is not None
    assert victim.get("/me").status_code == 401
    assert api.delete(f"/api-keys/{key_id}").status_code == 404


def test_me_tells_who_it_is(api: ApiClient, owner: User) -> None:
    body = api.get("/me").json()
    assert (body["id"], body["email"], body["role"]) == (str(owner.id), owner.email, "owner")
    assert body["scopes"] == ["admin", "read", "write"]
    assert body["api_key"]["name"] == "test"
