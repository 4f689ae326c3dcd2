"""Search through the JSON API, and its short name `retrieve`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from tests.api_client import ApiClient

TEXTS = {
    "tea": "Ada drinks green tea every <b>morning</b> before work.",
    "car": "The red car needs new tyres before winter.",
    "tax": "Tax return: hand in the papers by the end of July.",
}


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner)


@pytest.fixture
def ids(api: ApiClient, index_all: Callable[[], int]) -> dict[str, str]:
    """Three indexed memories: name to id."""
    made = {
        name: api.post("/memories", {"content": text, "tags": [name], "kind": "fact" if name == "tax" else "note"})
        for name, text in TEXTS.items()
    }
    index_all()
    return {name: response.json()["id"] for name, response in made.items()}


def found(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [hit["memory"]["id"] for hit in response.json()["items"]]


def test_search_finds_by_meaning_and_explains(api: ApiClient, ids: dict[str, str]) -> None:
    response = api.get("/search", q="which hot beverage does she like", explain="true", limit=1)
    body = response.json()
    hit = body["items"][0]
    assert hit["memory"]["id"] == ids["tea"]
    assert hit["memory"]["content"] == TEXTS["tea"]
    assert 0 < hit["score"] <= 1
    assert hit["explanation"]["ranks"]["vector"] == 1
    assert body["next_cursor"]
    assert body["plan"] == "exact"
    assert body["arms"]["vector"] == 3


def test_snippets_mark_the_words_and_escape_the_text(api: ApiClient, ids: dict[str, str]) -> None:
    snippet = api.get("/search", q="tea morning").json()["items"][0]["snippet"]
    assert "<mark>tea</mark>" in snippet["html"]
    assert "&lt;b&gt;" in snippet["html"]
    assert [snippet["text"][a:b] for a, b in snippet["marks"]] == ["tea", "morning"]
    assert TEXTS["tea"][snippet["start"] : snippet["end"]] == snippet["text"]


def test_the_body_form_answers_the_same(api: ApiClient, ids: dict[str, str]) -> None:
    by_query = api.get("/search", q="winter tyres", tag="car").json()
    by_body = api.post("/search", {"q": "winter tyres", "filters": {"tag": ["car"]}}).json()
    assert [hit["memory"] for hit in by_query["items"]] == [hit["memory"] for hit in by_body["items"]]
    assert [hit["memory"]["id"] for hit in by_body["items"]] == [ids["car"]]
    assert by_body["items"][0]["explanation"] is None


def test_filters_and_threshold_narrow(api: ApiClient, ids: dict[str, str]) -> None:
    assert found(api.get("/search", q="papers", kind="fact")) == [ids["tax"]]
    assert found(api.get("/search", q="papers", tag_all=["tax", "car"])) == []
    assert found(api.get("/search", q="green tea", threshold=1)) == []
    api.delete(f"/memories/{ids['tax']}")
    assert ids["tax"] not in found(api.get("/search", q="papers"))
    assert found(api.get("/search", q="papers", state="deleted")) == [ids["tax"]]


def test_the_question_may_hold_its_filters(api: ApiClient, ids: dict[str, str]) -> None:
    for response in (api.get("/search", q="papers kind:fact"), api.post("/search", {"q": "papers kind:fact"})):
        assert found(response) == [ids["tax"]]
    assert found(api.get("/search", q="tag:car")) == [ids["car"]]
    assert found(api.get("/search", q="papers -tag:car -tag:tea")) == [ids["tax"]]
    assert found(api.get("/search", q="papers tag:car", kind="fact")) == []
    assert found(api.get("/search", q="papers", tag_none=["car", "tea"])) == [ids["tax"]]
    assert api.get("/search", q="x tag:tee").json()["understood"] == ["You have no tag “tee”. Did you mean tag:tea?"]


def test_a_mistake_in_the_question_is_refused_and_explained(api: ApiClient, ids: dict[str, str]) -> None:
    response = api.post("/search", {"q": "papers before:2025-33"})
    body = response.json()
    assert response.status_code == 422
    assert body["errors"][0] | {"message": ""} == {
        "field": "q",
        "message": "",
        "code": "validation-failed",
        "location": "body",
    }
    assert body["detail"] == "before: needs a date such as 2025-03 or 2025-03-14; you wrote 2025-33"
    assert (body["problems"][0]["start"], body["problems"][0]["end"]) == (7, 21)
    assert len(found(api.post("/search", {"q": "papers before:2025-33", "plain": True}))) == 3


def test_everything_can_be_said_about_the_answer(api: ApiClient, ids: dict[str, str]) -> None:
    body = {
        "q": "winter",
        "filters": {"kind": ["note"]},
        "arms": ["vector", "lexical"],
        "weights": {},
        "recency_half_life_days": 30,
        "threshold": 0.01,
        "diversity": 0.5,
        "collapse": False,
        "explain": True,
        "at": "2026-01-01T00:00:00Z",
        "as_of": "2100-01-01T00:00:00Z",
        "limit": 1,
        "page": 1,
        "highlight": True,
    }
    assert found(api.post("/search", body)) == [ids["car"]]


def test_words_are_marked_or_not(api: ApiClient, ids: dict[str, str]) -> None:
    plain = api.get("/search", q="tea morning", highlight="false").json()["items"][0]["snippet"]
    assert "<mark>" not in plain["html"] and "&lt;b&gt;" in plain["html"] and plain["marks"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"filters": {"colour": "red"}}, "filters.colour"),
        ({"arms": ["telepathy"]}, "arms.0"),
        ({"arms": []}, "arms"),
        ({"weights": {"meaning": "much"}}, "weights.meaning"),
        ({"weights": {"meaning": -1}}, "weights.meaning"),
        ({"rerank": "magic"}, "rerank"),
        ({"recency_half_life_days": -1}, "recency_half_life_days"),
        ({"diversity": 1.5}, "diversity"),
        ({"at": "yesterday"}, "at"),
        ({"as_of": "2025-01-01T00:00:00"}, "as_of"),
        ({"page": 0}, "page"),
        ({"page": 21, "limit": 10}, "page"),
    ],
)
def test_what_makes_no_sense_is_named(api: ApiClient, db: None, wrong: dict[str, Any], field: str) -> None:
    response = api.post("/search", {"q": "x", **wrong})
    assert response.status_code == 422, response.content
    assert response.json()["errors"][0]["field"] == field


def test_a_batch_answers_each_or_says_why_not(api: ApiClient, ids: dict[str, str]) -> None:
    searches = [
        {"q": "winter tyres", "limit": 1},
        {"q": "x", "colour": "red"},
        {"q": "x before:2025-33"},
        {"limit": 3},
        "not an object",
        {"q": "tag:tea", "filters": {"kind": ["note"]}},
    ]
    items = api.post("/search/batch", {"searches": searches}).json()["items"]
    answered = [[hit["memory"]["id"] for hit in item["result"]["items"]] if item["result"] else None for item in items]
    assert answered == [[ids["car"]], None, None, None, None, [ids["tea"]]]
    refused = [(item["error"]["status"], item["error"]["errors"][0]["field"]) for item in items if item["error"]]
    assert refused == [(422, "colour"), (422, "q"), (422, "q"), (422, "")]
    assert "Unknown: colour" in items[1]["error"]["detail"]


@pytest.mark.parametrize("searches", [[], [{"q": "x"}] * 51, "x"])
def test_a_batch_has_1_to_50_searches(api: ApiClient, db: None, searches: Any) -> None:
    assert api.post("/search/batch", {"searches": searches}).status_code == 422


def test_pages_by_number_are_those_of_the_cursor(api: ApiClient, ids: dict[str, str]) -> None:
    first = api.get("/search", q="before", limit=2)
    by_cursor = api.get("/search", q="before", limit=2, cursor=first.json()["next_cursor"])
    assert found(api.get("/search", q="before", limit=2, page=2)) == found(by_cursor)
    assert found(api.get("/search", q="before", limit=2, page=3)) == []


def test_pages_cover_every_hit_once(api: ApiClient, ids: dict[str, str]) -> None:
    first = api.get("/search", q="before", limit=2)
    second = api.get("/search", q="before", limit=2, cursor=first.json()["next_cursor"])
    assert sorted(found(first) + found(second)) == sorted(ids.values())


def test_someone_elses_memories_are_never_found(
    api: ApiClient, other: User, ids: dict[str, str], index_all: Callable[[], int]
) -> None:
    ApiClient(other).post("/memories", {"content": TEXTS["tea"]})
    index_all()
    assert set(found(api.get("/search", q="green tea"))) == set(ids.values())


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": ""},
        {"q": "  "},
        {"q": "x" * 10_001},
        {"q": "a", "limit": 201},
        {"q": "a", "threshold": 2},
        {"q": "a", "cursor": "zzz"},
        {"query": "a"},
    ],
)
def test_a_bad_question_is_refused(api: ApiClient, query: dict[str, Any]) -> None:
    response = api.get("/search", **query)
    assert response.status_code == 422, response.content
    assert response.json()["code"] == "validation-failed"


def test_retrieve_is_search_in_the_words_of_the_original_design(api: ApiClient, ids: dict[str, str]) -> None:
    question = "before winter"
    expected = found(api.get("/search", q=question, kind="note", tag=["car", "tea"]))
    assert len(expected) == 2
    for filters in (
        "kind:note,tag:car,tag:tea",
        "kind=note, tag=car, tag=tea",
        '{"kind": "note", "tag": ["car", "tea"]}',
    ):
        assert found(api.get("/retrieve", query=question, filters=filters)) == expected
        alias = api.client.get("/retrieve", {"query": question, "filters": filters, "limit": 10})
        assert found(alias) == expected
    assert found(api.get("/retrieve", query=question, filters='{"pinned": true}')) == []
    assert len(found(api.get("/retrieve", query=question, limit=1))) == 1


@pytest.mark.parametrize("filters", ["kind", "colour:red", "kind:poem", "{", '{"kind": 7}', "after:2025-01-01"])
def test_retrieve_refuses_filters_that_it_does_not_know(api: ApiClient, filters: str) -> None:
    response = api.get("/retrieve", query="a", filters=filters)
    assert response.status_code == 422, response.content
    assert response.json()["errors"][0]["field"] == "filters"


def test_related_memories_come_nearest_first(api: ApiClient, ids: dict[str, str], index_all: Callable[[], int]) -> None:
    near = api.post("/memories", {"content": "Ada drinks black tea in the morning."}).json()["id"]
    index_all()
    items = api.get(f"/memories/{ids['tea']}/related", limit=2).json()["items"]
    assert items[0]["memory"]["id"] == near
    assert items[0]["similarity"] > items[1]["similarity"]
    assert len(items) == 2
