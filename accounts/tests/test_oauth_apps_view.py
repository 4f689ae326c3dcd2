"""Apps that register themselves, and programs in a terminal that sign in by a typed code."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from oauth2_provider.models import Application
from pytest_django import Settings

from accounts.models import DeviceRequest, User
from accounts.oauth import connections, registration
from accounts.oauth.clients import DEVICE_GRANT
from accounts.tests.oauth_dance import (
    REDIRECT,
    answered,
    begin_device,
    code_for,
    error_of,
    exchange,
    me,
    poll,
    question,
    refresh,
    sent_back,
)
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db


def test_an_app_registers_itself_and_signs_in(alice: Client) -> None:
    wanted = {
        "client_name": "Mine",
        "redirect_uris": ["cursor://anysphere.mcp/callback"],
        "client_uri": "https://x.org",
    }
    told = Client().post("/oauth/register", wanted, content_type="application/json").json()
    app = Application.objects.get(client_id=told["client_id"])
    assert told["client_secret"] and told["client_secret"] not in app.client_secret
    url = question(app, redirect_uri=wanted["redirect_uris"][0])
    response = answered(alice, url)
    assert response["Location"].startswith("cursor://anysphere.mcp/callback?code=")
    code = sent_back(response)["code"]
    changes = {"redirect_uri": wanted["redirect_uris"][0]}
    assert error_of(exchange(app, code, **changes)) == (401, "invalid_client")
    assert exchange(app, code, client_secret=told["client_secret"], **changes).status_code == 200


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://x/1",
        "http://example.org/callback",
        "https://",
        "https://user@example.org/",
        "https://example.org/#x",
        "https://*.example.org/",
        "https://example.org/ x",
        "/callback",
        "",
        "https://[::1",
        "x" * 2000,
    ],
)
def test_dangerous_addresses_are_not_registered(uri: str) -> None:
    wanted = {"redirect_uris": [uri], "token_endpoint_auth_method": "none"}
    assert error_of(Client().post("/oauth/register", wanted, content_type="application/json")) == (
        400,
        "invalid_redirect_uri",
    )
    assert not Application.objects.filter(registration_source="dcr").exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\x00",
        b'{"redirect_uris": "x"}',
        b'{"redirect_uris": ["https://x.org"], "grant_types": ["password"]}',
    ],
)
def test_faulty_descriptions_are_refused(body: bytes) -> None:
    response = Client().post("/oauth/register", body, content_type="application/json")
    assert response.status_code == 400 and response.json()["error"].startswith("invalid_")


def test_a_flood_of_registrations_ends(settings: Settings) -> None:
    settings.RATE_LIMIT_OAUTH_REGISTRATIONS = (3, 3600.0)
    wanted = {"redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"}
    found = [Client().post("/oauth/register", wanted, content_type="application/json") for _ in range(5)]
    assert [response.status_code for response in found] == [201, 201, 201, 429, 429]
    assert int(found[-1]["Retry-After"]) > 60


def test_registration_can_be_closed(settings: Settings) -> None:
    settings.OAUTH_REGISTRATION_OPEN = False
    wanted = {"redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"}
    assert error_of(Client().post("/oauth/register", wanted, content_type="application/json")) == (403, "access_denied")
    assert "registration_endpoint" not in Client().get("/.well-known/oauth-authorization-server").json()


def test_apps_that_nobody_let_in_are_forgotten(alice: Client, app: Application, cli: Application) -> None:
    code_for(alice, app)
    unused = registration.register(json.dumps({"redirect_uris": [REDIRECT]}).encode()).application
    assert connections.tidy_oauth() == 0
    Application.objects.update(created=now() - timedelta(days=2))
    assert connections.tidy_oauth() == 1
    assert set(Application.objects.all()) == {app, cli} and unused.pk not in Application.objects.values_list("pk")


def test_a_terminal_signs_in_by_a_typed_code(alice: Client, owner: User, cli: Application) -> None:
    device = begin_device(cli)
    assert device["verification_uri"] == "http://testserver/account/device/" and device["interval"] == 5
    assert error_of(poll(cli, device)) == (400, "authorization_pending")
    page = alice.post("/account/device/", {"code": device["user_code"].lower().replace("-", " ")}).content.decode()
    assert "MEMSHADOW command line" in page and "127.0.0.1" in page and "Read and search memories" in page
    form = {"code": device["user_code"], "answer": "approve", "scopes": ["memories:read"]}
    assert alice.post("/account/device/", form).status_code == 302
    body = poll(cli, device, scope="admin").json()
    assert body["scope"] == "memories:read" and me(body["access_token"]).json()["email"] == owner.email
    assert error_of(poll(cli, device)) == (400, "invalid_grant")
    assert refresh(cli, body["refresh_token"]).status_code == 200


def test_a_terminal_that_asks_too_often_slows_down(cli: Application) -> None:
    device = begin_device(cli)
    asked = {"grant_type": DEVICE_GRANT, "client_id": "memcli", "device_code": device["device_code"]}
    errors = [Client().post("/oauth/token", asked).json()["error"] for _ in range(3)]
    assert errors == ["authorization_pending", "slow_down", "slow_down"]
    assert DeviceRequest.objects.get().interval_s == 15


def test_a_refused_terminal_is_told(alice: Client, cli: Application) -> None:
    device = begin_device(cli)
    alice.post("/account/device/", {"code": device["user_code"], "answer": "refuse"})
    assert error_of(poll(cli, device)) == (400, "access_denied")


def test_a_code_that_ran_out_is_told_on_both_sides(alice: Client, cli: Application) -> None:
    device = begin_device(cli)
    DeviceRequest.objects.update(expires_at=now())
    assert error_of(poll(cli, device)) == (400, "expired_token")
    form = {"code": device["user_code"], "answer": "approve", "scopes": ["memories:read"]}
    assert b"No program waits" in alice.post("/account/device/", form).content
    assert DeviceRequest.objects.get().state == DeviceRequest.State.WAITING


def test_only_the_command_line_signs_in_by_code(app: Application, cli: Application) -> None:
    assert error_of(Client().post("/oauth/device-authorization", {"client_id": app.client_id})) == (
        401,
        "invalid_client",
    )
    assert error_of(poll(app, begin_device(cli))) == (401, "invalid_client")


def test_codes_cannot_be_guessed_in_bulk(alice: Client, settings: Settings) -> None:
    settings.RATE_LIMIT_ATTEMPTS_ADDRESS = (3, 300.0)
    found = [alice.post("/account/device/", {"code": "BBBB-BBBB"}).status_code for _ in range(5)]
    assert found == [200, 200, 200, 429, 429]
