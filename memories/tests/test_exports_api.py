"""Exports through the JSON API: a streamed file in each format, with filters."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from accounts.models import User
from tests.api_client import ApiClient


@pytest.fixture
def api(owner: User, other: User) -> ApiClient:
    ApiClient(other).post("/memories", {"content": "theirs"})
    api = ApiClient(owner)
    api.post("/memories", {"content": "a note", "tags": ["x"]})
    trashed = api.post("/memories", {"content": "in the trash"}).json()
    api.delete(f"/memories/{trashed['id']}")
    return api


def download(api: ApiClient, path: str, **query: str) -> bytes:
    response = api.get(path, **query)
    assert response.status_code == 200, response.content
    assert response.streaming
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["Cache-Control"] == "no-store"
    return b"".join(response.streaming_content)


def contents(raw: bytes) -> set[str]:
    records = [json.loads(line) for line in raw.decode().splitlines()]
    return {record["content"] for record in records if record.get("type") == "memory"}


def test_jsonl_holds_everything_of_the_caller_unless_a_filter_narrows(api: ApiClient) -> None:
    assert contents(download(api, "/exports/jsonl")) == {"a note", "in the trash"}
    assert contents(download(api, "/exports/jsonl", state="active")) == {"a note"}
    assert contents(download(api, "/exports/jsonl", tag="y")) == set()


def test_the_other_formats_hold_active_memories(api: ApiClient) -> None:
    csv = download(api, "/exports/csv").decode("utf-8-sig")
    assert "a note" in csv
    assert "trash" not in csv
    assert "theirs" not in csv
    names = zipfile.ZipFile(io.BytesIO(download(api, "/exports/markdown"))).namelist()
    assert any("a note" in name for name in names)
    assert download(api, "/exports/parquet")[:4] == b"PAR1"


def test_an_unknown_format_or_filter_is_a_problem(api: ApiClient) -> None:
    assert api.get("/exports/xml").status_code == 422
    response = api.get("/exports/csv", tags="x")
    assert response.status_code == 422
    assert "Did you mean tag?" in response.json()["detail"]
