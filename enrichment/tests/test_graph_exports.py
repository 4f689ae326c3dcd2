"""The graph as files: what is in them, as other programs read it, in small loads, by page and by API."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from lxml import etree

from accounts.models import User
from enrichment.exporting import _rows
from enrichment.services.judging import reject_fact
from enrichment.tests.stating_facts import relation, told
from memories.services.lifecycle import delete_memory
from memories.services.revising import By
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db
SPACE = {"g": "http://graphml.graphdrawing.org/xmlns"}
FORMATS = ("jsonld", "graphml", "facts-csv", "entities-csv")


@pytest.fixture
def api(owner: User, other: User) -> ApiClient:
    told(owner, "Anna Schmidt lives in Berlin.", "2024-03-01", tags=("home",))
    told(owner, "Anna Schmidt moved to Rome.", "2025-02-01")
    told(owner, "Anna Schmidt might like =jazz & \x0bswing.", "2025-03-01")
    told(owner, "Anna Schmidt lives in Paris.", "2025-04-01")
    reject_fact(owner=owner, relation=relation(owner, "Paris"))
    gone = told(owner, "Anna Schmidt works at Siemens.", "2025-03-01")
    delete_memory(owner=owner, memory_id=gone.id, by=By(owner))
    told(other, "Tom Berg lives in Oslo.")
    return ApiClient(owner, scopes=("export", "memories:read"))


def export(api: ApiClient, name: str, **query: Any) -> bytes:
    response = api.get(f"/exports/{name}", **query)
    assert response.status_code == 200
    return b"".join(response)


def table(api: ApiClient, name: str, **query: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export(api, name, **query).decode("utf-8-sig"))))


def test_facts_and_entities_as_tables(api: ApiClient) -> None:
    rows = {row["object"]: row for row in table(api, "facts-csv")}
    berlin, rome = rows["Berlin"], rows["Rome"]
    assert set(rows) >= {"Berlin", "Rome"} and not {"Paris", "Siemens", "Oslo"} & set(rows)
    assert berlin["ended_by"] == rome["id"] and berlin["valid_to"].startswith("2025-02-01") and rome["valid_to"] == ""
    assert (rome["subject"], rome["subject_kind"], rome["predicate"]) == ("Anna Schmidt", "person", "live in")
    assert {row["name"] for row in table(api, "entities-csv")} >= {"Anna Schmidt", "Berlin", "Rome"}
    assert not any(cell.startswith("=") for row in table(api, "facts-csv") for cell in row.values())


def test_graphml_is_a_graph_whose_edges_have_their_nodes(api: ApiClient) -> None:
    root = etree.fromstring(export(api, "graphml"))
    nodes = {
        node.get("id"): node.findtext("g:data[@key='node_label']", namespaces=SPACE)
        for node in root.iterfind(".//g:node", SPACE)
    }
    edges = root.findall(".//g:edge", SPACE)
    assert all(edge.get("source") in nodes and edge.get("target") in nodes for edge in edges)
    said = {(edge.findtext("g:data[@key='edge_label']", namespaces=SPACE), nodes[edge.get("target")]) for edge in edges}
    assert {("lives in", "Berlin"), ("lives in", "Rome")} <= said
    keys = {key.get("id") for key in root.iterfind("g:key", SPACE)}
    assert {data.get("key") for data in root.iterfind(".//g:data", SPACE)} <= keys


def test_json_ld_has_things_and_statements(api: ApiClient) -> None:
    document = json.loads(export(api, "jsonld"))
    things = {node["@id"]: node for node in document["@graph"] if node["@type"] != "rdf:Statement"}
    facts = [node for node in document["@graph"] if node["@type"] == "rdf:Statement"]
    assert all(fact["subject"] in things and fact["object"] in things for fact in facts)
    berlin = next(fact for fact in facts if things[fact["object"]]["name"] == "Berlin")
    assert things[berlin["subject"]]["@type"] == "schema:Person" and berlin["ended_by"].startswith("urn:uuid:")
    assert set(document["@context"]) >= {"subject", "object", "valid_from", "name"}


def pieces(document: bytes) -> list[bytes]:
    """Its lines or elements, in whichever order loads of another size bring them."""
    return sorted(document.replace(b"><", b">\n<").replace(b",\n", b"\n").split(b"\n"))


@pytest.mark.parametrize("name", FORMATS)
def test_a_filter_narrows_and_loads_of_one_give_the_same(
    api: ApiClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = export(api, name)
    assert "Rome" not in export(api, name, tag="home").decode() and "Berlin" in export(api, name, tag="home").decode()
    monkeypatch.setattr(_rows, "LOAD_ROWS", 1)
    again = export(api, name)
    assert pieces(again) == pieces(whole)
    assert export(api, name, tag="nothing")


def test_the_page_offers_and_gives_them(owner: User, client_for: Callable[[User], Client], api: ApiClient) -> None:
    client = client_for(owner)
    page = client.get(reverse("memories:exports")).content.decode()
    assert all(f'value="{name}"' in page for name in FORMATS)
    response = client.get(reverse("memories:export_download"), {"format": "facts-csv"})
    assert b"Berlin" in b"".join(response) and "facts.csv" in response["Content-Disposition"]
