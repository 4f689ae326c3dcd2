"""Entities over the JSON API: listed, read, corrected and undone, and only one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from enrichment.models import Entity, EntityChange
from enrichment.tests.naming_people import entity, told

pytestmark = pytest.mark.django_db
Api = Callable[..., Any]


@pytest.fixture
def api(owner: User, client_for: Callable[[User], Client], api_key: Callable[..., str]) -> Api:
    key, client = api_key(owner), Client()

    def call(method: str, path: str, body: Any = None, key: str = key) -> Any:
        response = client.generic(
            method,
            f"/api/v1{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        return response.status_code, response.json() if response.content else None

    return call


def test_the_most_mentioned_come_first_and_can_be_filtered(owner: User, api: Api) -> None:
    told(owner, "[Anna Schmidt] saw [place:Berlin].")
    told(owner, "[Anna] left. [Ben] stayed.")
    status, page = api("GET", "/entities?limit=2")
    assert status == 200 and page["total"] == 3
    assert (page["items"][0]["name"], page["items"][0]["memory_count"]) == ("Anna Schmidt", 2)
    assert len(api("GET", f"/entities?limit=2&cursor={page['next_cursor']}")[1]["items"]) == 1
    assert [one["name"] for one in api("GET", "/entities?kind=place")[1]["items"]] == ["Berlin"]
    assert [one["name"] for one in api("GET", "/entities?q=SCHM")[1]["items"]] == ["Anna Schmidt"]
    assert api("GET", "/entities?cursor=x")[0] == 422


def test_one_entity_has_its_names_company_and_sentences(owner: User, api: Api) -> None:
    told(owner, "It rained. Dr. [Anna Schmidt] saw [place:Berlin]! Fine.")
    told(owner, "[Anna] left.")
    _, anna = api("GET", f"/entities/{entity(owner, 'Anna').id}")
    assert {one["name"]: one["rule"] for one in anna["names"]} == {
        "Anna Schmidt": "first seen by this name",
        "Anna": "the given name alone",
    }
    assert [(one["name"], one["memory_count"]) for one in anna["together"]] == [("Berlin", 1)]
    _, mentions = api("GET", f"/entities/{anna['id']}/mentions")
    assert [one["sentence"] for one in mentions["items"]] == ["Anna left.", "Dr. Anna Schmidt saw Berlin!"]


def test_a_memory_tells_what_it_names_and_where(owner: User, api: Api) -> None:
    memory = told(owner, "[Anna] called.")
    _, found = api("GET", f"/memories/{memory.id}/entities")
    (one,) = found["items"]
    assert (one["words"], one["start"], one["end"], one["entity"]["name"]) == ("Anna", 0, 4, "Anna")


def test_corrections_and_their_undoing(owner: User, api: Api) -> None:
    told(owner, "[Anna] met [Mum].")
    anna, mum = entity(owner, "Anna"), entity(owner, "Mum")
    status, merged = api("POST", f"/entities/{anna.id}/merge", {"others": [str(mum.id)]})
    assert status == 200 and api("GET", f"/entities/{mum.id}")[1]["id"] == str(anna.id)
    names = {one["name"]: one["id"] for one in api("GET", f"/entities/{anna.id}")[1]["names"]}
    status, split = api("POST", f"/entities/{anna.id}/split", {"names": [names["Mum"]]})
    assert status == 201 and split["entity"]["name"] == "Mum"
    assert api("POST", f"/entities/changes/{split['change']['id']}/undo")[0] == 200
    assert api("POST", f"/entities/changes/{merged['change']['id']}/undo")[0] == 200
    assert api("POST", f"/entities/changes/{merged['change']['id']}/undo")[0] == 409
    assert api("GET", f"/entities/{mum.id}")[1]["id"] == str(mum.id)
    _, patched = api("PATCH", f"/entities/{anna.id}", {"name": "Anna S.", "kind": "organization", "is_hidden": True})
    assert (patched["name"], patched["kind"], patched["is_hidden"]) == ("Anna S.", "organization", True)
    assert api("PATCH", f"/entities/{anna.id}", {"kind": "nonsense"})[0] == 422
    assert EntityChange.objects.count() == 5


def test_nobody_else_s_entity_exists(owner: User, other: User, api: Api, api_key: Callable[..., str]) -> None:
    told(owner, "[Anna] met [Mum].")
    told(other, "[Zoe] came.")
    anna, zoe, theirs = entity(owner, "Anna"), entity(other, "Zoe"), api_key(other)
    assert api("GET", f"/entities/{anna.id}", key=theirs)[0] == 404
    assert api("GET", "/entities", key=theirs)[1]["total"] == 1
    assert api("POST", f"/entities/{zoe.id}/merge", {"others": [str(anna.id)]}, key=theirs)[0] == 404
    assert Entity.objects.filter(merged_into=None).count() == 3
