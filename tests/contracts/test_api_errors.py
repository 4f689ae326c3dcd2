"""Errors of the API are problem documents, wherever they come from."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from memories.models import Memory
from memshadow.api_wire import cleaned
from memshadow.lib.errors import Unavailable
from memshadow.lib.problems import Problem
from tests.api_client import ApiClient

MEMORIES = "/api/v1/memories"


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner)


def problem_of(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    Problem.model_validate(body)
    assert body["status"] == status
    assert body["type"] == f"urn:memshadow:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/memories", "/api/v1/memories/7"]
)
def test_unknown_paths_are_404_problems(path: str) -> None:
    assert problem_of(Client().get(path), 404)["instance"] == path


def test_a_trailing_slash_is_not_redirected_away_from_its_body(api: ApiClient) -> None:
    problem_of(api.post("/memories/", {"content": "x"}), 404)


def test_a_method_that_does_not_work_is_405_with_what_does(api: ApiClient) -> None:
    response = api.client.put(MEMORIES, data={}, content_type="application/json")
    problem_of(response, 405)
    assert response["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_options_tells_what_is_allowed(api: ApiClient) -> None:
    response = api.client.options(MEMORIES)
    assert (response.status_code, response["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")


def test_head_is_get_without_the_body(api: ApiClient) -> None:
    response = api.client.head(MEMORIES)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"",
        b"{'content': 1}",
        b'{"content": "\xff"}',
        b'{"importance": NaN}',
        b"[" * 100_000,
        b'{"content": "a\x00b"}',
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)
def test_malformed_json_is_400_and_stores_nothing(api: ApiClient, raw: bytes) -> None:
    response = api.client.post(MEMORIES, data=raw, content_type="application/json")
    problem_of(response, 422 if raw == b"" else 400)
    assert Memory.objects.count() == 0


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/xml"])
def test_another_content_type_is_415(api: ApiClient, kind: str) -> None:
    problem = problem_of(api.client.post(MEMORIES, data=b'{"content": "x"}', content_type=kind), 415)
    assert "application/json" in problem["detail"]
    assert Memory.objects.count() == 0


def test_json_dialects_are_json(api: ApiClient) -> None:
    response = api.client.post(MEMORIES, data=b'{"content": "x"}', content_type="application/ld+json")
    assert response.status_code == 201


class Unread:
    """A body that must not be read."""

    def read(self, *_: int) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def test_a_body_over_the_limit_is_413_before_it_is_read(api: ApiClient, settings: Settings) -> None:
    settings.API_BODY_MAX_BYTES = 1000
    unread: dict[str, Any] = {"wsgi.input": Unread(), "CONTENT_LENGTH": "1001"}
    response = api.client.generic("POST", MEMORIES, content_type="application/json", **unread)
    problem = problem_of(response, 413)
    assert problem["limit_bytes"] == 1000
    response = api.post("/memories", {"content": "x" * 900})
    assert response.status_code == 201


def test_a_chunked_body_is_411(api: ApiClient) -> None:
    headers = {"Transfer-Encoding": "chunked"}
    response = api.client.generic("POST", MEMORIES, b"", headers=headers, CONTENT_LENGTH="")
    problem_of(response, 411)


@pytest.mark.parametrize(
    ("error", "status"),
    [(Unavailable("The disk is away; plug it in."), 503), (RequestDataTooBig("x"), 413), (OSError(28, "full"), 507)],
)
def test_what_services_raise_has_its_status(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr("memories.api.memories.capture_once", fail)
    problem_of(api.post("/memories", {"content": "x"}), status)


def test_our_own_failure_is_500_with_an_id_that_the_log_explains(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("inner secret")

    monkeypatch.setattr("memories.api.memories.capture_once", fail)
    with caplog.at_level(logging.ERROR, logger="memshadow.api_errors"):
        response = api.post("/memories", {"content": "x"})
    problem = problem_of(response, 500)
    assert "secret" not in response.content.decode()
    (record,) = [record for record in caplog.records if record.name == "memshadow.api_errors"]
    assert problem["request_id"] in record.getMessage()
    assert record.exc_info is not None


def test_cleaning_reaches_every_level() -> None:
    assert cleaned({"a\x00": ["\ud800", {"b": ("x")}, 1, None]}) == {"a": ["\ufffd", {"b": "x"}, 1, None]}
