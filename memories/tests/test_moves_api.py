"""Moves through the API: asked for, followed, refused; both sides searched by their own callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from accounts.spaces.acting import HEADER
from accounts.spaces.making import create_space
from accounts.spaces.membership import Membership
from accounts.spaces.sharing import share_with_person
from memories.models import MemoryMove
from memories.services.moving import move_pending
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db
TEXT = "The stove wombat sleeps"


@pytest.fixture
def member(owner: User) -> Membership:
    return create_space(by=owner, name="Family")


def found(api: ApiClient, space: Membership | None = None) -> list[str]:
    headers = {HEADER: str(space.space.id)} if space else {}
    answer = api.client.get("/api/v1/search", {"q": "wombat"}, headers=headers)
    return [item["memory"]["content"] for item in answer.json()["items"]]


def test_a_tag_goes_into_a_space_where_others_find_it_and_comes_home(
    member: Membership, owner: User, other: User, staff: User, index_all: Callable[[], int]
) -> None:
    share_with_person(manager=member, email=other.email, role="reader")
    alice, bob, charlie = ApiClient(owner), ApiClient(other), ApiClient(staff)
    alice.post("/memories", {"content": TEXT, "tags": ["home"]})
    tag = alice.get("/tags").json()["items"][0]["id"]
    moves = f"/spaces/{member.space.id}/moves"
    answer = alice.post(moves, {"from": "own", "tag_id": tag})
    assert answer.status_code == 202 and answer.json()["state"] == "queued" and answer.json()["total"] == 1
    assert alice.post(moves, {"from": "own", "tag_id": tag}).status_code == 409
    assert found(alice) == [TEXT] and found(bob, member) == []

    move_pending()
    followed = alice.client.get(answer["Location"]).json()
    assert (followed["state"], followed["moved"], followed["way"]) == ("done", 1, "into")
    assert alice.get(moves).json()["items"] == [followed]
    index_all()
    assert found(alice) == [] and found(alice, member) == found(bob, member) == [TEXT]
    assert charlie.client.get("/api/v1/search", {"q": "x"}, headers={HEADER: str(member.space.id)}).status_code == 404
    assert bob.client.get(answer["Location"]).status_code == 404, "a move is its person's"

    in_space = {HEADER: str(member.space.id)}
    shared = alice.client.get("/api/v1/tags", headers=in_space).json()["items"][0]
    assert shared["name"] == "home" and shared["id"] != tag
    assert alice.post(moves, {"from": "space", "tag_id": shared["id"]}).status_code == 202
    move_pending()
    assert found(alice) == [TEXT] and found(bob, member) == []


@pytest.mark.parametrize(
    "body",
    [
        {"from": "own"},
        {"from": "elsewhere", "tag_id": "{tag}"},
        {"from": "own", "tag_id": "{tag}", "persona_id": "{tag}"},
        {"tag_id": "{tag}"},
        {"from": "own", "tag": "{tag}"},
    ],
)
def test_what_cannot_be_meant_is_refused(member: Membership, owner: User, body: dict[str, Any]) -> None:
    alice = ApiClient(owner)
    alice.post("/memories", {"content": TEXT, "tags": ["home"]})
    tag = alice.get("/tags").json()["items"][0]["id"]
    named = {name: tag if value == "{tag}" else value for name, value in body.items()}
    assert alice.post(f"/spaces/{member.space.id}/moves", named).status_code == 422
    assert not MemoryMove.objects.exists()


def test_it_needs_both_scopes_a_role_that_writes_and_no_header(
    member: Membership, owner: User, other: User, staff: User
) -> None:
    moves, body = f"/spaces/{member.space.id}/moves", {"from": "space"}
    for scopes in (("memories:read", "memories:write"), ("memories:read", "memories:delete")):
        assert ApiClient(owner, scopes).post(moves, body).status_code == 403, scopes
    assert ApiClient(staff).post(moves, body).status_code == 404
    assert ApiClient(staff).get(moves).status_code == 404
    share_with_person(manager=member, email=other.email, role="reader")
    assert ApiClient(other).post(moves, body).status_code == 403
    in_space = {"X_Memshadow_Space": str(member.space.id)}
    assert ApiClient(owner).post(moves, body, **in_space).status_code == 404
    assert not MemoryMove.objects.exists()


def test_someone_elses_tag_or_persona_is_not_there(member: Membership, other: User, owner: User) -> None:
    share_with_person(manager=member, email=other.email, role="editor")
    ApiClient(owner).post("/memories", {"content": TEXT, "tags": ["hers"]})
    hers = ApiClient(owner).get("/tags").json()["items"][0]["id"]
    for side in ("own", "space"):
        for name in ("tag_id", "persona_id"):
            body = {"from": side, name: hers}
            assert ApiClient(other).post(f"/spaces/{member.space.id}/moves", body).status_code == 404, body
    assert not MemoryMove.objects.exists()
