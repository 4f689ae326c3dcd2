"""Personas through the JSON API."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from personas.models import Persona
from tests.api_client import ApiClient


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner)


def test_make_read_list_change_and_remove(api: ApiClient, owner: User) -> None:
    response = api.post("/personas", {"name": "  Work ", "description": "The office"})
    body = response.json()
    assert response.status_code == 201, response.content
    row = Persona.objects.get()
    assert (row.owner_id, row.name, row.description) == (owner.id, "Work", "The office")
    assert (body["id"], body["name"], body["description"]) == (str(row.id), "Work", "The office")
    api.post("/personas", {"name": "family"})
    assert [item["name"] for item in api.get("/personas").json()["items"]] == ["family", "Work"]
    path = f"/personas/{row.id}"
    assert api.patch(path, {"name": "Job"}).json()["description"] == "The office"
    assert api.get(path).json()["name"] == "Job"
    memory = api.post("/memories", {"content": "x", "persona_id": str(row.id)}).json()
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.get(f"/memories/{memory['id']}").json()["persona"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": None}, "name"),
        ({"name": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_mistake_makes_no_persona(api: ApiClient, body: dict[str, Any], field: str) -> None:
    response = api.post("/personas", body)
    assert response.status_code == 422, response.content
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert Persona.objects.count() == 0


def test_a_name_in_use_is_409_and_changes_nothing(api: ApiClient) -> None:
    api.post("/personas", {"name": "Work"})
    assert api.post("/personas", {"name": "WORK"}).status_code == 409
    family = api.post("/personas", {"name": "Family"}).json()
    assert api.patch(f"/personas/{family['id']}", {"name": "work"}).status_code == 409
    assert {persona.name for persona in Persona.objects.all()} == {"Work", "Family"}
