"""mem0's own client works with us, and so do requests of its self-hosted server's clients."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from accounts.models import User
from memories.models import Conversation, Feedback, Memory, State
from tests.api_client import ApiClient
from tests.http_here import BASE, client_here


@pytest.fixture
def http(owner: User) -> Iterator[httpx.Client]:
    with client_here() as client:
        yield client


@pytest.fixture
def mem0(owner: User, http: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The real client, with its reports to its maker switched off.

    Its package loads the driver of a vector store of its own with everything else; the client never uses it, and its
    pins do not go with ours.
    """
    monkeypatch.setitem(sys.modules, "qdrant_client", SimpleNamespace(QdrantClient=object))
    monkeypatch.setenv("MEM0_TELEMETRY", "False")
    monkeypatch.setenv("MEM0_DIR", str(tmp_path))
    from mem0 import MemoryClient

    return MemoryClient(api_key=ApiClient(owner).key, host=BASE, client=http)


def test_the_real_client_adds_finds_changes_and_deletes(mem0: Any, owner: User, index_all: Callable[[], int]) -> None:
    assert mem0.user_email == owner.email
    talk = [{"role": "user", "content": "I am allergic to hazelnuts."}, {"role": "assistant", "content": "Noted."}]
    added = mem0.add(talk, user_id="alice", run_id="chat-1", metadata={"topic": "food"})["results"]
    assert [(one["event"], one["memory"]) for one in added] == [("ADD", m["content"]) for m in talk]
    assert mem0.add(talk, user_id="alice", run_id="chat-1")["results"][0]["event"] == "NONE"
    mem0.add("I like skiing.", filters={"user_id": "bob"}, timestamp=1_700_000_000)
    assert Conversation.objects.get().external_id == "chat-1"
    index_all()

    found = mem0.search("What must I not eat?", filters={"user_id": "alice"}, top_k=1)["results"]
    assert [one["id"] for one in found] == [added[0]["id"]] and 0 < found[0]["score"] <= 1
    assert found[0]["metadata"] == {"topic": "food"} and (found[0]["user_id"], found[0]["run_id"]) == (
        "alice",
        "chat-1",
    )
    either = {"OR": [{"user_id": "alice"}, {"user_id": "bob"}]}
    assert mem0.get_all(filters=either)["count"] == 3
    assert mem0.get_all(filters={"AND": [{"user_id": "*"}, {"user_id": {"in": ["bob"]}}]})["count"] == 1
    page = mem0.get_all(filters={"user_id": "alice"}, page=2, page_size=1)
    assert (page["count"], page["next"], page["previous"], len(page["results"])) == (2, None, "1", 1)

    key = added[0]["id"]
    assert mem0.update(key, text="I am allergic to walnuts.")["memory"] == "I am allergic to walnuts."
    assert mem0.get(key)["memory"] == "I am allergic to walnuts."
    assert [(e["event"], e["new_memory"]) for e in mem0.history(key)] == [
        ("ADD", "I am allergic to hazelnuts."),
        ("UPDATE", "I am allergic to walnuts."),
    ]
    assert mem0.feedback(key, feedback="POSITIVE")["feedback"] == "POSITIVE"
    assert Feedback.objects.get().verdict == "useful"
    assert {(e["type"], e["name"], e["total_memories"]) for e in mem0.users()["results"]} == {
        ("user", "alice", 2),
        ("user", "bob", 1),
        ("run", "chat-1", 2),
    }
    mem0.batch_update([{"memory_id": key, "text": "I am allergic to nuts."}])
    mem0.delete(key)
    assert mem0.history(key)[-1]["event"] == "DELETE"
    mem0.delete_all(user_id="alice")
    mem0.delete_users(user_id="bob")
    assert {m.state for m in Memory.objects.all()} == {State.DELETED}


def test_what_the_client_asks_in_vain_is_said(mem0: Any) -> None:
    from mem0.exceptions import MemoryError, MemoryNotFoundError

    with pytest.raises(MemoryNotFoundError):
        mem0.get("0197a000-0000-7000-8000-000000000000")
    for wrong in ({"categories": {"contains": "x"}}, {"NOT": [{"user_id": "a"}]}, {"OR": [{"created_at": "x"}]}):
        with pytest.raises(MemoryError, match="Filters here know"):
            mem0.get_all(filters=wrong)
    with pytest.raises(MemoryError, match="Say whose"):
        mem0.delete_all()


@pytest.mark.parametrize("header", [{"X-API-Key": "{}"}, {"Authorization": "Bearer {}"}, {"Authorization": "Token {}"}])
def test_the_self_hosted_servers_addresses(owner: User, http: httpx.Client, header: dict[str, str]) -> None:
    key = ApiClient(owner).key
    http.headers = httpx.Headers({name: value.format(key) for name, value in header.items()})
    body = {"messages": [{"role": "user", "content": "My boat is called Heron."}], "user_id": "al", "infer": True}
    (added,) = http.post("/mem0/memories", json=body).json()["results"]
    listed = http.get("/mem0/memories", params={"user_id": "al"}).json()["results"]
    assert [(one["id"], one["memory"]) for one in listed] == [(added["id"], "My boat is called Heron.")]
    assert http.get("/mem0/memories", params={"user_id": "bo"}).json()["results"] == []
    found = http.post("/mem0/search", json={"query": "boat", "user_id": "al"}).json()["results"]
    assert [one["id"] for one in found] == [added["id"]]
    one = f"/mem0/memories/{added['id']}"
    assert http.put(one, json={"data": "It is called Gull."}).json()["memory"] == "It is called Gull."
    assert http.put(one, json={}).status_code == 422
    assert len(http.get(f"{one}/history").json()) == 2
    assert http.request("DELETE", "/mem0/memories").status_code == 422
    assert http.request("DELETE", "/mem0/memories", params={"user_id": "al"}).status_code == 200
    assert http.get(one).json()["id"] == added["id"] and Memory.objects.get().state == State.DELETED


def test_messages_in_parts_and_messages_without_text(owner: User, http: httpx.Client) -> None:
    http.headers = httpx.Headers({"X-API-Key": ApiClient(owner).key})
    parts = [{"type": "text", "text": "A picture of my cat."}, {"type": "image_url", "image_url": {"url": "x"}}]
    http.post("/mem0/memories", json={"messages": [{"role": "developer", "content": parts}]}).raise_for_status()
    for wrong in ([], [{"role": "user"}], [{"content": [{"type": "image_url"}]}], 7):
        assert http.post("/mem0/memories", json={"messages": wrong}).status_code == 422, wrong
    memory = Memory.objects.get()
    assert (memory.content, memory.role, memory.source) == ("A picture of my cat.", "", "mem0")
