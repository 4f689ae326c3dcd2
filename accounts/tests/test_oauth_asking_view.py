"""An app asks a person: the good way, and questions that are not what they seem."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from oauth2_provider.models import Application, Grant
from pytest_django import Settings

from accounts.models import AppConnection, AuditEvent, User
from accounts.oauth import registration
from accounts.tests.oauth_dance import (
    OTHER_PORT,
    REDIRECT,
    VERIFIER,
    answered,
    exchange,
    me,
    question,
    sent_back,
)

pytestmark = pytest.mark.django_db


def test_a_code_becomes_tokens_that_the_api_takes(alice: Client, owner: User, app: Application) -> None:
    page = alice.get(question(app))
    text = page.content.decode()
    assert page.status_code == 200 and "Read and search memories" in text and "app.example.org" in text
    assert (
        "Nobody has verified this app" in text and "https:" in page["Content-Security-Policy"].split("form-action")[1]
    )
    back = sent_back(answered(alice, question(app)))
    assert (back["state"], back["iss"]) == ("xyz", "http://testserver")
    body = exchange(app, back["code"]).json()
    assert (body["expires_in"], body["token_type"]) == (900, "Bearer")
    assert body["access_token"].startswith("mso_") and body["refresh_token"].startswith("msp_")
    told = me(body["access_token"]).json()
    assert (told["email"], told["scopes"]) == (owner.email, ["memories:read", "memories:write"])
    assert AppConnection.objects.get(owner=owner).last_used_at is not None
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"oauth.registered", "oauth.approved"} <= actions


def test_a_person_can_give_less_than_was_asked(alice: Client, app: Application) -> None:
    back = sent_back(answered(alice, question(app), scopes=["memories:read"]))
    assert exchange(app, back["code"]).json()["scope"] == "memories:read"


def test_refusing_gives_nothing(alice: Client, app: Application) -> None:
    back = sent_back(alice.post(question(app), {"answer": "refuse"}))
    assert (back["error"], back["state"]) == ("access_denied", "xyz")
    assert not Grant.objects.exists() and not AppConnection.objects.exists()


def test_choosing_nothing_is_asked_again(alice: Client, app: Application) -> None:
    response = alice.post(question(app), {"answer": "approve"})
    assert response.status_code == 200 and b"at least one thing" in response.content
    assert not Grant.objects.exists()


def test_the_command_line_may_listen_on_any_port(alice: Client, cli: Application) -> None:
    url = question(cli, redirect_uri=OTHER_PORT)
    response = answered(alice, url)
    assert response["Location"].startswith(OTHER_PORT + "?code=")
    assert exchange(cli, sent_back(response)["code"], redirect_uri=OTHER_PORT).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": VERIFIER[:43], "code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
        {"response_type": "token"},
        {"scope": "admin"},
        {"scope": "memories:read nonsense"},
        {"resource": "https://other.example.org/mcp"},
    ],
)
def test_a_faulty_question_is_sent_back_and_gives_nothing(
    alice: Client, app: Application, changes: dict[str, Any]
) -> None:
    for response in (alice.get(question(app, **changes)), answered(alice, question(app, **changes))):
        assert response["Location"].startswith(REDIRECT + "?")
        assert "error" in sent_back(response)
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/callback",
        "https://app.example.org/callback/",
        "https://app.example.org/callback?x=1",
        "https://app.example.org:444/callback",
        "https://app.example.org@evil.example/callback",
        "http://app.example.org/callback",
        "javascript:alert(1)",
        "//evil.example/callback",
        "https://app.example.org/callback#x",
    ],
)
def test_nobody_is_sent_to_an_address_that_was_not_registered(
    alice: Client, app: Application, redirect_uri: str
) -> None:
    for response in (
        alice.get(question(app, redirect_uri=redirect_uri)),
        answered(alice, question(app, redirect_uri=redirect_uri)),
        alice.post(question(app, redirect_uri=redirect_uri), {"answer": "refuse"}),
    ):
        assert response.status_code == 400 and "Location" not in response


def test_an_unknown_app_gets_nobody(alice: Client, app: Application) -> None:
    for client_id in ("nonsense", "", "\x00"):
        assert alice.get(question(app, client_id=client_id)).status_code == 400


def test_a_form_cannot_change_the_question(alice: Client, app: Application) -> None:
    form = {"redirect_uri": "https://evil.example/", "scope": "admin", "client_id": "memcli", "scopes": ["admin"]}
    response = answered(alice, question(app), **form)
    assert response.status_code == 200 and not Grant.objects.exists()


def test_consent_needs_its_token(owner: User, app: Application) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    assert answered(strict, question(app)).status_code == 403
    assert not Grant.objects.exists()


def test_consent_needs_a_sign_in(app: Application) -> None:
    assert Client().get(question(app))["Location"].startswith("/account/login/?next=/oauth/authorize")


def test_consent_needs_a_recent_proof(alice: Client, app: Application, settings: Settings) -> None:
    settings.CONFIRMATION_S = 0
    for response in (alice.get(question(app)), answered(alice, question(app))):
        assert response["Location"].startswith("/account/confirm/")
    assert not Grant.objects.exists()


def test_a_name_is_text(alice: Client) -> None:
    body = {"client_name": "<script>alert(1)</script>\u202eevil", "redirect_uris": [REDIRECT]}
    app = registration.register(json.dumps(body).encode()).application
    page = alice.get(question(app)).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page and "\u202e" not in page


def test_the_server_describes_itself() -> None:
    told = Client().get("/.well-known/oauth-authorization-server").json()
    assert told["issuer"] == "http://testserver" and told["code_challenge_methods_supported"] == ["S256"]
    assert told["response_types_supported"] == ["code"] and "admin" not in told["scopes_supported"]
    for key, value in told.items():
        if key.endswith("_endpoint"):
            assert Client().get(urlsplit(value).path).status_code in (302, 405), key
    for suffix in ("", "/mcp", "/api/v1"):
        part = Client().get(f"/.well-known/oauth-protected-resource{suffix}").json()
        assert part["resource"] == f"http://testserver{suffix}"
        assert part["authorization_servers"] == ["http://testserver"]
    assert Client().get("/.well-known/oauth-protected-resource/nonsense").status_code == 404


def test_pages_of_django_oauth_toolkit_are_not_there() -> None:
    for path in (
        "/oauth/applications/",
        "/o/applications/",
        "/applications/",
        "/authorized_tokens/",
    ):
        assert Client().get(path).status_code == 404
