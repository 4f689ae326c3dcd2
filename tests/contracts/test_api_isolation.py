"""Someone else's object does not exist, for every operation whose path names one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from accounts.models import ApiKey, User
from memories.models import Conversation, Feedback, ImportJob, LearntRule, Memory, SavedSearch, State, Tag
from memories.tests.lessons import taught_rule
from memshadow.api import api
from personas.models import Persona
from tests.api_client import ApiClient

ALL = ("read", "write", "admin")
BODIES: dict[str, Any] = {
    "edit_memory": {"content": "taken over"},
    "rename_tag": {"name": "taken-over"},
    "edit_persona": {"name": "Taken over"},
    "edit_saved_search": {"name": "Taken over"},
}
NOT_OBJECTS = {"number", "format", "model_name"}


def naming_operations() -> list[tuple[str, str, str]]:
    """(method, path, operation id) of every operation with an object's id in its path."""
    return [
        (method.upper(), path, details["operationId"])
        for path, methods in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items()
        for method, details in methods.items()
        if set(re.findall(r"{(\w+)}", path)) - NOT_OBJECTS
    ]


@pytest.fixture
def bobs(other: User, settings: Settings, tmp_path: Path) -> dict[str, str]:
    """One object of each kind that belongs to Bob, by the name of its path parameter."""
    settings.UPLOADS_DIR = tmp_path / "uploads"
    bob = ApiClient(other, ALL)
    persona = bob.post("/personas", {"name": "Bob"}).json()
    chat = {"external_id": "chat"}
    memory = bob.post("/memories", {"content": "theirs", "tags": ["theirs"], "conversation": chat}).json()
    bob.patch(f"/memories/{memory['id']}", {"importance": 0.9})
    line = json.dumps({"role": "user", "content": "hello"}).encode()
    job = bob.client.post("/api/v1/imports", {"file": SimpleUploadedFile("chat.jsonl", line)}).json()
    return {
        "memory_id": memory["id"],
        "conversation_id": memory["conversation"]["id"],
        "tag_id": bob.get("/tags").json()["items"][0]["id"],
        "persona_id": persona["id"],
        "import_id": job["id"],
        "search_id": bob.post("/saved-searches", {"name": "theirs", "query": "theirs"}).json()["id"],
        "key_id": bob.get("/api-keys").json()["items"][0]["id"],
        "feedback_id": bob.post("/feedback", {"memory_id": memory["id"], "verdict": "useful"}).json()["id"],
        "rule_id": str(taught_rule(other, UUID(memory["id"])).id),
    }


def rows() -> list[list[Any]]:
    """Everything that an operation could have changed."""
    models = (Memory, Conversation, Tag, Persona, ImportJob, Feedback, LearntRule, SavedSearch)
    stored = [list(model.objects.order_by("id").values()) for model in models]
    return [*stored, list(ApiKey.objects.order_by("id").values("id", "revoked_at"))]


def path_with(path: str, ids: dict[str, str]) -> str:
    """The path with its parameters filled in."""
    return path.removeprefix("/api/v1").format(number=1, format="csv", **ids)


def send(client: ApiClient, method: str, path: str, operation: str) -> Any:
    if method in ("POST", "PATCH"):
        return client._send(method, path, BODIES.get(operation), {})
    return getattr(client, method.lower())(path)


def test_there_are_operations_to_try() -> None:
    assert len(naming_operations()) >= 20


@pytest.mark.parametrize(("method", "path", "operation"), naming_operations())
def test_someone_elses_id_is_404_and_nothing_changes(
    owner: User, bobs: dict[str, str], method: str, path: str, operation: str
) -> None:
    alice = ApiClient(owner, ALL)
    before = rows()
    response = send(alice, method, path_with(path, bobs), operation)
    assert response.status_code == 404, response.content
    assert response.json()["code"] == "not-found"
    assert "theirs" not in response.content.decode()
    assert rows() == before


@pytest.mark.parametrize(("method", "path", "operation"), naming_operations())
def test_ones_own_id_is_not_404(other: User, bobs: dict[str, str], method: str, path: str, operation: str) -> None:
    """The other half: the 404 above comes from the owner, not from a wrong id."""
    response = send(ApiClient(other, ALL), method, path_with(path, bobs), operation)
    assert response.status_code in (200, 204, 409), response.content


def test_erasing_for_good_is_404_for_someone_elses_memory(owner: User, other: User, bobs: dict[str, str]) -> None:
    ApiClient(other).delete(f"/memories/{bobs['memory_id']}")
    response = ApiClient(owner).delete(f"/memories/{bobs['memory_id']}?permanent=true")
    assert response.status_code == 404
    assert Memory.objects.get(id=bobs["memory_id"]).state == State.DELETED


@pytest.mark.parametrize(
    "body",
    [{"persona_id": "{persona_id}"}, {"conversation": {"id": "{conversation_id}"}}],
)
def test_a_new_memory_cannot_join_someone_elses_things(owner: User, bobs: dict[str, str], body: dict[str, Any]) -> None:
    filled = json.loads(json.dumps(body).replace("{persona_id}", bobs["persona_id"]))
    filled = json.loads(json.dumps(filled).replace("{conversation_id}", bobs["conversation_id"]))
    response = ApiClient(owner).post("/memories", {"content": "mine", **filled})
    assert response.status_code in (404, 422)
    assert not Memory.objects.filter(owner=owner).exists()


LISTS = ["/memories", "/trash", "/conversations", "/tags", "/personas", "/imports", "/saved-searches"]


@pytest.mark.parametrize("path", [*LISTS, "/search", "/search/suggestions"])
def test_lists_hold_nothing_of_someone_else(owner: User, bobs: dict[str, str], path: str) -> None:
    query = {"q": "theirs"} if path.startswith("/search") else {}
    assert ApiClient(owner).get(path, **query).json()["items"] == []
