"""Facts and the graph by API and for agents: as of a day, as known then, and what a person says to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from enrichment.models import Relation
from enrichment.tests.naming_people import entity
from enrichment.tests.stating_facts import told
from memshadow.lib.clock import now
from tests.api_client import ApiClient
from tests.mcp_client import McpClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(owner: User) -> ApiClient:
    told(owner, "Anna Schmidt lives in Berlin.", "2024-03-01")
    told(owner, "Anna Schmidt moved to Rome.", "2025-02-01")
    told(owner, "Anna Schmidt likes jazz. Anna Schmidt might move to Paris.", "2025-03-01")
    return ApiClient(owner)


def edges(api: ApiClient, **query: Any) -> list[str]:
    graph = api.get("/graph", **query).json()
    names = {node["id"]: node["name"] for node in graph["nodes"]}
    return sorted(f"{names[e['source']]} {e['label']} {names[e['target']]}" for e in graph["edges"])


def test_the_graph_is_of_a_day_and_of_what_was_known(api: ApiClient) -> None:
    assert edges(api) == ["Anna Schmidt likes jazz", "Anna Schmidt lives in Rome"]
    assert edges(api, as_of="2024-06-01") == ["Anna Schmidt lives in Berlin"]
    assert edges(api, as_of="2024-02-28") == []
    assert edges(api, as_of="2024-03-01") == ["Anna Schmidt lives in Berlin"]
    earlier = now() - timedelta(days=9)
    Relation.objects.filter(id=Relation.objects.earliest("valid_from").id).update(learnt_at=earlier)
    assert edges(api, known_at=earlier.isoformat()) == ["Anna Schmidt lives in Berlin"]
    assert api.get("/graph", as_of="yesterday").status_code == 422


def test_the_graph_is_filtered_and_paged(api: ApiClient, owner: User) -> None:
    told(owner, "Tom works at Siemens. Tom is married to Sara.", "2025-03-01")
    assert edges(api, predicate="move to") == ["Anna Schmidt lives in Rome"]
    assert edges(api, type="organization") == ["Tom works at Siemens"]
    assert edges(api, type=["place", "phrase"]) == [
        "Anna Schmidt likes jazz",
        "Anna Schmidt lives in Rome",
        "Tom is married to Sara",
    ]
    assert edges(api, phrases="false", entity=str(entity(owner, "Anna Schmidt").id)) == ["Anna Schmidt lives in Rome"]
    page = api.get("/graph", limit=3).json()
    rest = api.get("/graph", limit=3, cursor=page["next_cursor"]).json()
    assert page["total_edges"] == 4 and len(rest["edges"]) == 1 and rest["next_cursor"] is None
    assert {node["kind"] for node in page["nodes"] + rest["nodes"]} == {"person", "place", "organization", "phrase"}


def test_a_fact_stated_often_is_one_edge(owner: User) -> None:
    for day in ("2025-01-01", "2025-01-05", "2025-01-09"):
        told(owner, f"Anna Schmidt lives in Berlin; it rained on {day}.", day)
    (edge,) = [e for e in ApiClient(owner).get("/graph").json()["edges"] if e["predicate"] == "live in"]
    assert edge["statements"] == 3 and edge["valid_to"] is None


def test_a_graph_costs_no_more_queries_for_more_edges(owner: User) -> None:
    told(owner, "Tom Berg likes tea.")
    api = ApiClient(owner)
    edges(api)
    with CaptureQueriesContext(connection) as few:
        edges(api)
    told(owner, "Tom Berg likes jazz, coffee, chess, books, trains and clouds.")
    with CaptureQueriesContext(connection) as many:
        assert len(edges(api)) > 4
    assert len(many) == len(few)


def test_facts_are_listed_with_their_end_and_its_reason(api: ApiClient) -> None:
    items = {f"{i['label']} {i['object']['name']}": i for i in api.get("/relations", which="all").json()["items"]}
    assert set(items) == {"lives in Berlin", "lives in Rome", "likes jazz", "might live in Paris"}
    berlin, rome = items["lives in Berlin"], items["lives in Rome"]
    assert berlin["ended_by"] == rome["id"] and berlin["valid_to"] == "2025-02-01T12:00:00Z"
    assert rome["valid_to"] is None and rome["sentence"] == "Anna Schmidt moved to Rome."
    assert rome["subject"]["is_entity"] and items["likes jazz"]["object"]["kind"] == "phrase"
    assert len(api.get("/relations", predicate="live in", limit=1).json()["items"]) == 1
    assert api.get(f"/relations/{rome['id']}").json() == rome
    assert api.get(f"/memories/{rome['memory_id']}/relations").json()["items"] == [rome]


def test_disagreeing_keeping_and_undoing(api: ApiClient) -> None:
    items = {i["object"]["name"]: i for i in api.get("/relations", predicate="live in").json()["items"]}
    verdict = api.post(f"/relations/{items['Rome']['id']}/reject").json()
    assert verdict["action"] == "reject" and "Anna Schmidt lives in Berlin" in edges(api)
    (disputed,) = api.get("/relations", which="disputed").json()["items"]
    assert disputed["verdict_id"] == verdict["id"] and disputed["object"]["name"] == "Rome"
    assert api.post(f"/relations/{items['Rome']['id']}/reject").status_code == 409
    assert api.post(f"/relations/verdicts/{verdict['id']}/undo").json()["undone_at"]
    assert api.post(f"/relations/verdicts/{verdict['id']}/undo").status_code == 409
    kept = api.post(f"/relations/{items['Berlin']['id']}/keep").json()
    assert {"Anna Schmidt lives in Berlin", "Anna Schmidt lives in Rome"} <= set(edges(api))
    api.post(f"/relations/verdicts/{kept['id']}/undo")
    assert "Anna Schmidt lives in Berlin" not in edges(api)
    assert api.post(f"/relations/{items['Rome']['id']}/keep").status_code == 409


def test_agents_find_facts_and_note_what_a_person_said(api: ApiClient, owner: User) -> None:
    agent = McpClient(owner)
    found = agent.call("find_facts", predicate="live in")
    assert [item["text"] for item in found["items"]] == ["Anna Schmidt lives in Rome"]
    assert len(agent.call("find_facts", with_earlier=True)["items"]) == 4
    earlier = agent.call("find_facts", as_of="2024-06-01")
    assert [item["text"] for item in earlier["items"]] == ["Anna Schmidt lives in Berlin"]
    fact = found["items"][0]["id"]
    agent.call("update_fact", fact_id=fact, verdict="wrong")
    assert "Anna Schmidt lives in Berlin" in edges(api)
    agent.call("update_fact", fact_id=fact, verdict="undo")
    assert "Anna Schmidt lives in Rome" in edges(api)
