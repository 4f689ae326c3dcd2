"""Conversations, tags and numbers through the JSON API."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from memories.models import Memory, Tag
from tests.api_client import ApiClient


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner)


def turn(api: ApiClient, chat: str, n: int, **parts: Any) -> dict[str, Any]:
    body = {
        "content": f"turn {n} of {chat}",
        "kind": "turn",
        "role": "user",
        "conversation": {"external_id": chat, "title": chat.title(), "model": "m"},
        "occurred_at": f"2025-01-01T00:00:{n:02}Z",
        **parts,
    }
    response = api.post("/memories", body)
    assert response.status_code == 201, response.content
    made: dict[str, Any] = response.json()
    return made


def test_conversations_are_listed_with_their_number_of_turns(api: ApiClient) -> None:
    for n in range(3):
        turn(api, "first", n)
    last = turn(api, "second", 9, source="cli")
    body = api.get("/conversations").json()
    assert [(item["title"], item["turn_count"], item["external_id"]) for item in body["items"]] == [
        ("Second", 1, "second"),
        ("First", 3, "first"),
    ]
    assert [item["title"] for item in api.get("/conversations", source="cli").json()["items"]] == ["Second"]
    page = api.get("/conversations", limit=1).json()
    rest = api.get("/conversations", limit=1, cursor=page["next_cursor"]).json()
    assert [item["title"] for item in page["items"] + rest["items"]] == ["Second", "First"]
    one = api.get(f"/conversations/{last['conversation']['id']}").json()
    assert one == body["items"][0]


def test_turns_come_in_order_page_by_page(api: ApiClient) -> None:
    made = [turn(api, "chat", n) for n in (3, 1, 2, 1 + 4, 4)]
    path = f"/conversations/{made[0]['conversation']['id']}/turns"
    seen, cursor = [], None
    while True:
        page = api.get(path, limit=2, **({"cursor": cursor} if cursor else {})).json()
        seen += [item["content"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"turn {n} of chat" for n in range(1, 6)]


def test_turns_at_the_same_moment_are_neither_lost_nor_doubled(api: ApiClient) -> None:
    made = [turn(api, "chat", 1, content=f"same moment {n}") for n in range(5)]
    path = f"/conversations/{made[0]['conversation']['id']}/turns"
    first = api.get(path, limit=2).json()
    second = api.get(path, limit=3, cursor=first["next_cursor"]).json()
    assert [item["id"] for item in first["items"] + second["items"]] == [m["id"] for m in made]
    assert second["next_cursor"] is None


def test_tags_are_listed_renamed_merged_and_removed(api: ApiClient) -> None:
    api.post("/memories", {"content": "a", "tags": ["Tea", "work"]})
    api.post("/memories", {"content": "b", "tags": ["tea"]})
    api.post("/memories", {"content": "c", "tags": ["drinks"]})
    items = api.get("/tags").json()["items"]
    assert [(item["name"], item["memory_count"]) for item in items] == [
        ("drinks", 1),
        ("Tea", 2),
        ("work", 1),
    ]
    drinks, tea, work = items
    assert api.patch(f"/tags/{work['id']}", {"name": "job"}).json() == {"id": work["id"], "name": "job"}
    assert api.patch(f"/tags/{tea['id']}", {"name": "DRINKS"}).json()["id"] == drinks["id"]
    assert {tag.name for tag in Tag.objects.all()} == {"drinks", "job"}
    assert len(api.get("/memories", tag="drinks").json()["items"]) == 3
    assert api.delete(f"/tags/{drinks['id']}").status_code == 204
    assert [tag.name for tag in Tag.objects.all()] == ["job"]
    assert Memory.objects.count() == 3


@pytest.mark.parametrize("name", ["", "#", "x" * 81, None])
def test_a_tag_needs_a_good_name(api: ApiClient, name: Any) -> None:
    api.post("/memories", {"content": "a", "tags": ["tea"]})
    tag = Tag.objects.get()
    assert api.patch(f"/tags/{tag.id}", {"name": name}).status_code == 422
    assert Tag.objects.get().name == "tea"


def test_stats_count_what_is_the_callers(api: ApiClient, other: User) -> None:
    ApiClient(other).post("/memories", {"content": "theirs"})
    turn(api, "chat", 1)
    trashed = api.post("/memories", {"content": "mine", "tags": ["a"]}).json()
    api.delete(f"/memories/{trashed['id']}")
    body = api.get("/stats").json()
    assert (body["memories"], body["conversations"], body["tags"]) == (1, 1, 1)
    assert body["by_state"] == {"active": 1, "deleted": 1}
    assert body["by_kind"] == {"turn": 1}
    assert body["size_bytes"] == len("turn 1 of chat")
