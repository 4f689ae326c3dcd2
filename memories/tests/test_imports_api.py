"""Imports through the JSON API: upload, follow, stop, go on, forget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from accounts.models import User
from memories.models import ImportJob, Memory
from memories.tasks import run_imports
from personas.services import create_persona
from tests.api_client import ApiClient

LINES = [
    {"role": "user", "content": "What does Ada like?", "created_at": "2025-01-01T00:00:00Z"},
    {"role": "assistant", "content": "Tea.", "created_at": "2025-01-01T00:00:05Z"},
]


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner)


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path) -> Path:
    """A folder of its own for stored uploads."""
    settings.UPLOADS_DIR = tmp_path / "uploads"
    return tmp_path / "uploads"


def upload(api: ApiClient, **fields: Any) -> Any:
    text = "\n".join(json.dumps(line) for line in LINES)
    file = SimpleUploadedFile("chat.jsonl", text.encode())
    return api.client.post("/api/v1/imports", {"file": file, **fields})


def test_an_upload_is_queued_and_can_be_followed_to_its_end(api: ApiClient, owner: User) -> None:
    persona = create_persona(owner=owner, name="Work")
    response = upload(api, persona=str(persona.id))
    body = response.json()
    assert response.status_code == 202, response.content
    assert response["Location"] == f"/api/v1/imports/{body['id']}"
    assert (body["state"], body["format"], body["filename"]) == ("queued", "jsonl", "chat.jsonl")
    assert (body["percent"], body["persona"]["name"], body["dry_run"]) == (0, "Work", False)
    assert Memory.objects.count() == 0
    run_imports()
    done = api.client.get(response["Location"]).json()
    assert (done["state"], done["percent"], done["error"]) == ("done", 100, "")
    assert done["counts"]["imported"] == 2
    assert {(row.content, row.persona_id) for row in Memory.objects.all()} == {
        ("What does Ada like?", persona.id),
        ("Tea.", persona.id),
    }
    assert api.get("/imports").json()["items"] == [done]


def test_the_stored_upload_is_not_readable(api: ApiClient, uploads: Path) -> None:
    upload(api)
    (stored,) = uploads.iterdir()
    assert b"Ada" not in stored.read_bytes()


def test_a_dry_run_reports_and_stores_nothing(api: ApiClient) -> None:
    job = upload(api, dry_run="true").json()
    run_imports()
    done = api.get(f"/imports/{job['id']}").json()
    assert (done["state"], done["dry_run"]) == ("done", True)
    assert Memory.objects.count() == 0


def test_a_misspelt_option_is_refused_before_anything_is_stored(api: ApiClient, uploads: Path) -> None:
    response = upload(api, dryrun="true")
    assert response.status_code == 422
    assert "Did you mean dry_run?" in response.json()["detail"]
    assert not uploads.exists()
    assert ImportJob.objects.count() == 0


def test_an_unknown_format_is_refused_and_nothing_stays(api: ApiClient, uploads: Path) -> None:
    file = SimpleUploadedFile("x.bin", bytes(range(256)) * 64)
    response = api.client.post("/api/v1/imports", {"file": file})
    assert 400 <= response.status_code < 500, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert list(uploads.iterdir()) == []
    assert ImportJob.objects.count() == 0


def test_a_file_is_needed(api: ApiClient) -> None:
    response = api.client.post("/api/v1/imports", {"dry_run": "true"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "file"


def test_an_upload_over_the_limit_is_413_before_it_is_read(api: ApiClient, settings: Settings, uploads: Path) -> None:
    settings.MAX_UPLOAD_BYTES = 100
    response = upload(api)
    assert response.status_code == 413
    assert response.json()["limit_bytes"] == 100
    assert not uploads.exists()


def test_a_broken_multipart_body_is_400(api: ApiClient) -> None:
    response = api.client.post("/api/v1/imports", data=b"nonsense", content_type="multipart/form-data")
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"


def test_cancel_resume_and_forget(api: ApiClient, uploads: Path) -> None:
    path = f"/imports/{upload(api).json()['id']}"
    assert api.delete(path).status_code == 409
    assert api.post(f"{path}/resume").status_code == 409
    assert api.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert api.post(f"{path}/cancel").status_code == 409
    run_imports()
    assert Memory.objects.count() == 0
    assert api.post(f"{path}/resume").json()["state"] == "queued"
    run_imports()
    assert Memory.objects.count() == 2
    assert api.delete(path).status_code == 204
    assert ImportJob.objects.count() == 0
    assert list(uploads.iterdir()) == []
    assert Memory.objects.count() == 2


def test_a_foreign_persona_is_404_and_nothing_stays(api: ApiClient, other: User, uploads: Path) -> None:
    persona = create_persona(owner=other, name="Theirs")
    assert upload(api, persona=str(persona.id)).status_code == 404
    assert ImportJob.objects.count() == 0
