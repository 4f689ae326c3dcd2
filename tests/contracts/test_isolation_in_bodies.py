"""Someone else's objects named in bodies and queries, and in lists: they do not exist there either."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import User
from memories.models import Memory, State
from tests.api_client import ApiClient
from tests.contracts.objects import SECRET, objects_of


@pytest.fixture
def things(owner: User) -> dict[str, Any]:
    """Alice's."""
    return objects_of(owner)


def test_erasing_for_good_is_404_for_someone_elses_memory(owner: User, other: User, things: dict[str, Any]) -> None:
    path = f"/memories/{things['memory_id']}"
    ApiClient(owner).delete(path)
    assert ApiClient(other).delete(f"{path}?permanent=true").status_code == 404
    assert Memory.objects.get(id=things["memory_id"]).state == State.DELETED


@pytest.mark.parametrize("body", [{"persona_id": "{persona_id}"}, {"conversation": {"id": "{conversation_id}"}}])
def test_a_new_memory_cannot_join_someone_elses_things(
    other: User, things: dict[str, Any], body: dict[str, Any]
) -> None:
    filled = json.dumps(body)
    for name in ("persona_id", "conversation_id"):
        filled = filled.replace(f"{{{name}}}", str(things[name]))
    response = ApiClient(other).post("/memories", {"content": "mine", **json.loads(filled)})
    assert response.status_code in (404, 422)
    assert not Memory.objects.filter(owner=other).exists()


LISTS = ["/memories", "/trash", "/conversations", "/tags", "/personas", "/imports", "/saved-searches", "/feedback"]


@pytest.mark.parametrize(
    "path", [*LISTS, "/entities", "/topics", "/map", "/duplicates", "/learnt-rules", "/search", "/search/suggestions"]
)
def test_lists_hold_nothing_of_someone_else(owner: User, other: User, things: dict[str, Any], path: str) -> None:
    query = {"q": SECRET} if path.startswith("/search") else {}
    assert ApiClient(other).get(path, **query).json()["items"] == []
    assert path == "/trash" or ApiClient(owner).get(path, **query).json()["items"] != []
