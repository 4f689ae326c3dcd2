"""The short name `ingest`: a memory or a chat in whatever field it comes."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from memories.models import Conversation, Memory
from tests.api_client import ApiClient

CHAT = [
    {"role": "user", "content": "What does Ada like?", "created_at": "2025-01-01T00:00:00Z"},
    {"role": "assistant", "content": "Tea."},
]


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner)


@pytest.mark.parametrize("field", ["content", "text"])
def test_a_text_becomes_a_memory(api: ApiClient, field: str) -> None:
    response = api.post("/ingest", {field: "Ada likes tea.", "tags": ["a"], "source": "script"})
    assert response.status_code == 201, response.content
    row = Memory.objects.get()
    assert response.json() == {
        "id": str(row.id),
        "created": True,
        "items": [{"id": str(row.id), "created": True}],
    }
    assert (row.content, row.source, row.kind) == ("Ada likes tea.", "script", "note")
    assert api.post("/memories", {"content": "Ada likes tea."}).json()["id"] == str(row.id)


def test_it_works_at_the_top_level(api: ApiClient) -> None:
    response = api.client.post("/ingest", data={"content": "x"}, content_type="application/json")
    assert response.status_code == 201
    assert Memory.objects.get().content == "x"


def test_a_chat_becomes_a_conversation_and_is_stored_once(api: ApiClient) -> None:
    first = api.post("/ingest", {"messages": CHAT, "tags": ["chat"]})
    again = api.post("/ingest", {"messages": CHAT, "tags": ["chat"]})
    assert (first.status_code, again.status_code) == (201, 200)
    assert [item["id"] for item in again.json()["items"]] == [item["id"] for item in first.json()["items"]]
    conversation = Conversation.objects.get()
    turns = api.get(f"/conversations/{conversation.id}/turns").json()["items"]
    assert [(turn["kind"], turn["role"], turn["content"], turn["tags"]) for turn in turns] == [
        ("turn", "user", "What does Ada like?", ["chat"]),
        ("turn", "assistant", "Tea.", ["chat"]),
    ]


def test_a_named_conversation_grows(api: ApiClient) -> None:
    chat = {"external_id": "chat-1"}
    api.post("/ingest", {"messages": CHAT[:1], "conversation": chat})
    api.post("/ingest", {"messages": CHAT, "conversation": chat})
    assert Conversation.objects.count() == 1
    assert Memory.objects.count() == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": "a", "text": "b"},
        {"text": "a", "messages": CHAT},
        {"messages": []},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "robot", "content": "x"}]},
        {"message": "x"},
        {"messages": [*CHAT, {"role": "user", "content": " "}]},
    ],
)
def test_anything_else_is_refused_and_nothing_stored(api: ApiClient, body: dict[str, Any]) -> None:
    response = api.post("/ingest", body)
    assert response.status_code == 422, response.content
    assert Memory.objects.count() == 0


def test_the_message_at_fault_is_named(api: ApiClient) -> None:
    response = api.post("/ingest", {"messages": [*CHAT, {"role": "user", "content": " "}]})
    assert response.json()["errors"][0]["field"] == "messages.2.content"
