"""Feedback and learnt rules through the JSON API."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings

from accounts.models import User
from memories.models import Feedback, LearntRule, Memory, Retrieval
from memories.tests.lessons import taught_rule
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner)


@pytest.fixture
def memory_id(api: ApiClient) -> str:
    return str(api.post("/memories", {"content": "Ada drinks green tea."}).json()["id"])


def test_a_search_answer_names_its_retrieval(api: ApiClient, memory_id: str) -> None:
    for response in (api.get("/search", q="tea"), api.post("/search", {"q": "tea"}), api.get("/retrieve", query="tea")):
        row = Retrieval.objects.get(id=response.json()["retrieval_id"])
        assert (row.question, row.via, [str(i) for i in row.memory_ids]) == ("tea", "api", [memory_id])


def test_without_the_log_an_answer_names_none(api: ApiClient, memory_id: str, settings: LazySettings) -> None:
    settings.RETRIEVAL_LOG = False
    assert api.get("/search", q="tea").json()["retrieval_id"] is None


def test_a_verdict_is_kept_listed_replaced_and_taken_back(api: ApiClient, memory_id: str) -> None:
    retrieval_id = api.get("/search", q="hot drinks tea").json()["retrieval_id"]
    body = {"memory_id": memory_id, "retrieval_id": retrieval_id, "verdict": "useful", "via": "extension"}
    first = api.post("/feedback", body).json()
    assert (first["question"], first["verdict"], first["via"], first["implicit"]) == (
        "hot drinks tea",
        "useful",
        "extension",
        False,
    )
    second = api.post("/feedback", body | {"verdict": "not_useful"}).json()
    listed = api.get("/feedback").json()["items"]
    assert [item["id"] for item in listed] == [second["id"]]
    assert api.delete(f"/feedback/{second['id']}").status_code == 204
    assert not Feedback.objects.exists()


def test_pages_of_feedback_cover_all_of_it(api: ApiClient) -> None:
    for n in range(5):
        made = api.post("/memories", {"content": f"Note {n}"}).json()["id"]
        api.post("/feedback", {"memory_id": made, "verdict": "useful"})
    first = api.get("/feedback", limit=3).json()
    rest = api.get("/feedback", limit=3, cursor=first["next_cursor"]).json()
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 5
    assert rest["next_cursor"] is None


def test_use_is_noted(api: ApiClient, memory_id: str) -> None:
    retrieval_id = api.get("/search", q="tea").json()["retrieval_id"]
    used = {"memory_id": memory_id, "retrieval_id": retrieval_id, "how": "injected"}
    assert api.post("/feedback/use", used).status_code == 204
    assert api.post("/feedback/use", used | {"retrieval_id": str(uuid4())}).status_code == 204
    row = Feedback.objects.get()
    assert (row.implicit, row.how, row.verdict) == (True, "injected", "useful")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"verdict": "passed"}, 422),
        ({"verdict": None}, 422),
        ({"memory_id": str(uuid4())}, 404),
        ({"retrieval_id": str(uuid4())}, 404),
        ({"stars": 5}, 422),
    ],
)
def test_bad_feedback_is_refused(api: ApiClient, memory_id: str, change: dict[str, Any], status: int) -> None:
    response = api.post("/feedback", {"memory_id": memory_id, "verdict": "useful"} | change)
    assert response.status_code == status, response.content
    assert not Feedback.objects.exists()


def test_someone_elses_retrieval_is_not_found(api: ApiClient, other: User, memory_id: str) -> None:
    foreign = ApiClient(other).get("/search", q="tea").json()["retrieval_id"]
    body = {"memory_id": memory_id, "verdict": "useful", "retrieval_id": foreign}
    assert api.post("/feedback", body).status_code == 404
    assert api.get("/feedback").json()["items"] == []


def test_rules_are_listed_explained_removed_and_restored(api: ApiClient, owner: User, memory_id: str) -> None:
    rule = taught_rule(owner, Memory.objects.get(id=memory_id).id)
    listed = api.get("/learnt-rules").json()["items"]
    assert [(item["given"], item["added"], item["state"]) for item in listed] == [
        (["slo"], ["level", "objective"], "active")
    ]
    assert "which says what the letters stand for" in listed[0]["explanation"]
    assert api.delete(f"/learnt-rules/{rule.id}").json()["state"] == "removed"
    assert LearntRule.objects.get(id=rule.id).state == "removed"
    assert api.post(f"/learnt-rules/{rule.id}/restore").json()["state"] == "active"


def test_a_key_that_only_reads_cannot_judge(owner: User, memory_id: str) -> None:
    reader = ApiClient(owner, ("memories:read",))
    assert reader.post("/feedback", {"memory_id": memory_id, "verdict": "useful"}).status_code == 403
    assert not Feedback.objects.exists()
