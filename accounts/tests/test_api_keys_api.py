"""API keys and `me` through the JSON API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import ApiKey, AuditEvent, User
from accounts.permissions import SCOPES
from accounts.tokens import hash_secret
from memshadow.lib.clock import now
from tests.api_client import ApiClient


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner, ("*",))


def test_a_key_is_made_shown_once_and_works(api: ApiClient, owner: User) -> None:
    until = now() + timedelta(days=30)
    response = api.post(
        "/api-keys",
        {"name": " laptop ", "scopes": ["memories:write", "memories:read"], "expires_at": until.isoformat()},
    )
    body = response.json()
    assert response.status_code == 201, response.content
    row = ApiKey.objects.get(id=body["id"])
    assert (row.owner_id, row.name, row.scopes) == (owner.id, "laptop", ["memories:read", "memories:write"])
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
        ({"scopes": ["memories:read"]}, "name"),
        ({"name": " ", "scopes": ["memories:read"]}, "name"),
        ({"name": "k", "scopes": []}, "scopes"),
        ({"name": "k", "scopes": ["root"]}, "scopes.0"),
        ({"name": "k", "scopes": ["memories:read"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "k", "scopes": ["memories:read"], "expires_at": "2999-01-01"}, "expires_at"),
        ({"name": "k", "scopes": ["memories:read"], "expires": "2999-01-01T00:00:00Z"}, "expires"),
        (
            {"name": "k", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00Z", "never_expires": True},
            "never_expires",
        ),
        ({"name": "k", "scopes": ["read"], "allowed_addresses": ["10.0.0.0/33"]}, "allowed_addresses"),
        ({"name": "k", "scopes": ["read"], "requests_per_minute": 0}, "requests_per_minute"),
    ],
)
def test_a_mistake_makes_no_key(api: ApiClient, body: dict[str, Any], field: str) -> None:
    response = api.post("/api-keys", body)
    assert response.status_code == 422, response.content
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert ApiKey.objects.count() == 1


def test_a_revoked_key_is_worthless_at_once(api: ApiClient, owner: User) -> None:
    victim = ApiClient(owner, ("memories:read",))
    key_id = victim.get("/me").json()["api_key"]["id"]
    assert api.delete(f"/api-keys/{key_id}").status_code == 204
    assert ApiKey.objects.get(id=key_id).revoked_at is not None
    assert victim.get("/me").status_code == 401
    assert api.delete(f"/api-keys/{key_id}").status_code == 404


def test_me_tells_who_it_is(api: ApiClient, owner: User) -> None:
    body = api.get("/me").json()
    assert (body["id"], body["email"], body["role"]) == (str(owner.id), owner.email, "owner")
    assert body["scopes"] == sorted(SCOPES)
    assert body["api_key"]["name"] == "test"


def test_a_key_never_expires_only_when_asked(api: ApiClient) -> None:
    wanted = {"name": "k", "scopes": ["memories:read"]}
    assert api.post("/api-keys", wanted).json()["expires_at"] is not None
    assert api.post("/api-keys", {**wanted, "never_expires": True}).json()["expires_at"] is None


def test_a_key_is_bound_to_networks(api: ApiClient) -> None:
    limits = {"allowed_addresses": ["192.0.2.0/24", "::1"], "requests_per_minute": 30}
    body = api.post("/api-keys", {"name": "k", "scopes": ["memories:read"], **limits}).json()
    assert (body["allowed_addresses"], body["requests_per_minute"]) == (["192.0.2.0/24", "::1/128"], 30)
    headers = {"Authorization": f"Bearer {body['key']}"}
    assert api.client.get("/api/v1/me", headers=headers, REMOTE_ADDR="192.0.2.9").status_code == 200
    refused = api.client.get("/api/v1/me", headers=headers, REMOTE_ADDR="192.0.3.9")
    assert refused.status_code == 403 and "192.0.3.9" in refused.json()["detail"]
    row = ApiKey.objects.get(id=body["id"])
    assert row.last_used_address == "192.0.2.9"


def test_rotating_shows_the_new_text_once(api: ApiClient, owner: User) -> None:
    old = ApiClient(owner, ("memories:read",))
    key_id = old.get("/me").json()["api_key"]["id"]
    body = api.post(f"/api-keys/{key_id}/rotate", {"grace_hours": 1}).json()
    assert body["id"] == key_id and body["old_secret_until"] is not None and body["rotated_at"] is not None
    new = {"Authorization": f"Bearer {body['key']}"}
    assert old.get("/me").status_code == api.client.get("/api/v1/me", headers=new).status_code == 200
    assert api.post(f"/api-keys/{key_id}/rotate", {"grace_hours": 0}).status_code == 200
    assert old.get("/me").status_code == api.client.get("/api/v1/me", headers=new).status_code == 401
    assert AuditEvent.objects.filter(action="api_key.rotated", object_id=key_id).count() == 2


def test_a_key_for_keys_alone_reaches_nothing_else(api: ApiClient, owner: User) -> None:
    keeper = ApiClient(owner, ("admin",))
    assert keeper.get("/memories").status_code == 403
    strong = api.get("/me").json()["api_key"]["id"]
    assert keeper.post("/api-keys", {"name": "k", "scopes": ["*"]}).status_code == 403
    assert keeper.post(f"/api-keys/{strong}/rotate", {}).status_code == 403
    assert keeper.delete(f"/api-keys/{strong}").status_code == 204


def test_deleting_many_needs_the_scope_for_it(owner: User) -> None:
    writer = ApiClient(owner, ("memories:read", "memories:write"))
    memory = writer.post("/memories", {"content": "kept"}).json()["id"]
    refused = writer.post("/memories/bulk", {"ids": [memory], "action": "delete"})
    assert (refused.status_code, refused.json()["scope"]) == (403, "memories:delete")
    assert writer.post("/memories/bulk", {"ids": [memory], "action": "pin"}).status_code == 200
    assert writer.get(f"/memories/{memory}").json()["state"] == "active"
