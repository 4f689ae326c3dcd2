"""Cross-origin requests: closed by default, opened by an allow-list, never with credentials."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.api_client import ApiClient

ORIGIN = "https://notes.example.org"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization",
}


def cors_headers(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.items() if name.startswith("Access-Control-")}


def test_by_default_no_origin_is_allowed(owner: User) -> None:
    api = ApiClient(owner)
    assert cors_headers(api.client.options("/api/v1/memories", headers=PREFLIGHT)) == {}
    response = api.client.get("/api/v1/memories", headers={"Origin": ORIGIN})
    assert response.status_code == 200
    assert cors_headers(response) == {}
    assert "Origin" in response["Vary"]


@pytest.mark.parametrize("path", ["/api/v1/memories", "/ingest", "/retrieve"])
@pytest.mark.django_db
def test_an_allowed_origin_passes_the_preflight_without_credentials(settings: Settings, path: str) -> None:
    settings.CORS_ORIGINS = frozenset({ORIGIN})
    response = Client().options(path, headers=PREFLIGHT)
    assert response.status_code == 204
    headers = cors_headers(response)
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in headers["Access-Control-Allow-Methods"]
    assert "Authorization" in headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in headers


def test_an_allowed_origin_may_read_answers_and_refusals(owner: User, settings: Settings) -> None:
    settings.CORS_ORIGINS = frozenset({ORIGIN})
    api = ApiClient(owner)
    for path, status in (("/api/v1/memories", 200), ("/api/v1/nothing", 404)):
        response = api.client.get(path, headers={"Origin": ORIGIN})
        assert response.status_code == status
        assert response["Access-Control-Allow-Origin"] == ORIGIN
        assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.django_db
@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"{ORIGIN}.evil.example", "null", "http://notes.example.org"]
)
def test_other_origins_stay_out(settings: Settings, origin: str) -> None:
    settings.CORS_ORIGINS = frozenset({ORIGIN})
    assert cors_headers(Client().options("/api/v1/me", headers={**PREFLIGHT, "Origin": origin})) == {}


@pytest.mark.django_db
def test_any_origin_means_a_star_and_no_credentials(settings: Settings) -> None:
    settings.CORS_ORIGINS = frozenset({"*"})
    headers = cors_headers(Client().options("/api/v1/me", headers=PREFLIGHT))
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.django_db
def test_pages_outside_the_api_have_no_cors_headers(settings: Settings) -> None:
    settings.CORS_ORIGINS = frozenset({"*"})
    assert cors_headers(Client().get("/health/live", headers={"Origin": ORIGIN})) == {}
