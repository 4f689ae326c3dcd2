"""Saved searches through the JSON API: what is answered, what is stored, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from memories.models import SavedSearch
from memories.services import saved_searches
from tests.api_client import ApiClient


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner)


def test_a_search_is_saved_listed_changed_and_forgotten(api: ApiClient, owner: User) -> None:
    made = api.post("/saved-searches", {"name": "  The   roof ", "query": "roof tag:house after:2025"})
    assert made.status_code == 201
    one = f"/saved-searches/{made.json()['id']}"
    assert (made.json()["name"], made.json()["last_used_at"]) == ("The roof", None)
    api.post("/saved-searches", {"name": "a first", "query": "x"})
    assert [row["name"] for row in api.get("/saved-searches").json()["items"]] == ["a first", "The roof"]
    assert api.patch(one, {"name": "Roofs"}).json()["query"] == "roof tag:house after:2025"
    assert api.patch(one, {"query": "roofs"}).json()["name"] == "Roofs"
    assert api.get(one).json() == made.json() | {"name": "Roofs", "query": "roofs"}
    assert api.delete(one).status_code == 204
    assert [row.name for row in SavedSearch.objects.filter(owner=owner)] == ["a first"]


def test_names_and_queries_are_sealed(api: ApiClient) -> None:
    api.post("/saved-searches", {"name": "Secret plans", "query": "hidden words"})
    row = SavedSearch.objects.values().get()
    assert not any(
        b"ecret" in bytes(v) or b"hidden" in bytes(v) for v in row.values() if isinstance(v, bytes | memoryview)
    )


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": "", "query": "x"}, 422, "name"),
        ({"name": " ", "query": "x"}, 422, "name"),
        ({"name": "n" * 81, "query": "x"}, 422, "name"),
        ({"name": "n", "query": " "}, 422, "query"),
        ({"name": "n", "query": "before:2025-33"}, 422, "query"),
        ({"name": "n"}, 422, "query"),
        ({"name": "n", "query": "x", "colour": 1}, 422, "colour"),
        ({"name": "TAKEN", "query": "x"}, 409, "name"),
    ],
)  # fmt: skip
def test_a_bad_one_is_refused_and_nothing_saved(api: ApiClient, body: dict[str, Any], status: int, field: str) -> None:
    api.post("/saved-searches", {"name": "Taken", "query": "x"})
    response = api.post("/saved-searches", body)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field)
    assert SavedSearch.objects.count() == 1


def test_there_is_an_end_to_how_many(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_searches, "SAVED_MAX", 1)
    api.post("/saved-searches", {"name": "one", "query": "x"})
    assert api.post("/saved-searches", {"name": "two", "query": "x"}).status_code == 409


def test_two_people_may_use_one_name(api: ApiClient, other: User) -> None:
    for client in (api, ApiClient(other)):
        assert client.post("/saved-searches", {"name": "Same", "query": "x"}).status_code == 201
