"""Signing in through an identity provider: a real one (oidc-provider-mock) in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client
from pytest_django import Settings

from accounts.flows.invitations import invite
from accounts.models import AuditEvent, Identity, Role, User
from accounts.tests.authenticators import app_of, code_of
from accounts.views import single_sign_on
from tests.faults.conftest import free_port

BEGIN = "/account/sso/"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of the provider."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"{address}/.well-known/openid-configuration").raise_for_status()
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()


@pytest.fixture
def sso(provider: str, settings: Settings) -> str:
    """The same, set up as this server's single sign-on."""
    settings.OIDC_ISSUER, settings.OIDC_NAME = provider, "Example Inc."
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "memshadow", "s3cret"
    return provider


def known_there(provider: str, subject: str, **claims: object) -> None:
    """Let the provider know somebody."""
    httpx.put(f"{provider}/users/{subject}", json=claims).raise_for_status()


def sent_to_provider(client: Client, next_url: str = "") -> str:
    """Press the button; where the browser is sent."""
    response = client.get(BEGIN, {"next": next_url} if next_url else {})
    assert response.status_code == 302, response.content
    return str(response["Location"])


def came_back(client: Client, address: str, subject: str) -> Any:
    """Sign in there as `subject`, and come back with what the provider says."""
    there = httpx.post(address, data={"sub": subject})
    back = urlsplit(there.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def who(client: Client) -> str:
    response = client.get("/api/v1/me")
    return str(response.json().get("email", ""))


def test_without_a_provider_there_is_no_button_and_no_way(db: None) -> None:
    assert BEGIN not in Client().get("/account/login/").content.decode()
    assert Client().get(BEGIN).status_code == 404
    assert Client().get("/account/sso/complete/").status_code == 404


def test_a_person_with_an_account_enters_and_lands_where_they_wanted(owner: User, sso: str) -> None:
    known_there(sso, "a1", email="ALICE@example.org", email_verified=True, name="Alice")
    client = Client()
    page = client.get("/account/login/?next=/search/").content.decode()
    assert "Example Inc." in page and f"{BEGIN}?next=/search/" in page.replace("%2F", "/")
    address = sent_to_provider(client, "/search/")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["nonce"] and asked["state"]
    response = came_back(client, address, "a1")
    assert response["Location"] == "/search/"
    assert who(client) == owner.email
    assert Identity.objects.get(owner=owner).subject == "a1"
    assert AuditEvent.objects.filter(action="account.identity_linked", actor=owner).count() == 1


def test_afterwards_the_provider_s_own_id_counts_not_the_address(owner: User, other: User, sso: str) -> None:
    known_there(sso, "a2", email=owner.email, email_verified=True)
    came_back(client := Client(), sent_to_provider(client), "a2")
    known_there(sso, "a2", email=other.email, email_verified=True)
    came_back(client := Client(), sent_to_provider(client), "a2")
    assert who(client) == owner.email


def test_a_provider_that_answers_in_another_servers_name_opens_nothing(
    owner: User, sso: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_there(sso, "i1", email=owner.email, email_verified=True)
    reached = single_sign_on._provider()
    monkeypatch.setattr(single_sign_on, "_provider", lambda: reached)
    settings.OIDC_ISSUER = "https://login.example.org"
    response = came_back(client := Client(), sent_to_provider(client), "i1")
    assert response["Location"] == "/account/login/" and not who(client) and not Identity.objects.exists()


@pytest.mark.parametrize("verified", [False, None, "true"])
def test_an_address_that_the_provider_does_not_vouch_for_opens_nothing(owner: User, sso: str, verified: Any) -> None:
    known_there(sso, "m1", email=owner.email, email_verified=verified)
    client = Client()
    response = came_back(client, sent_to_provider(client), "m1")
    assert response["Location"] == "/account/login/"
    assert "e-mail address is verified" in client.get("/account/login/").content.decode()
    assert who(client) == ""
    assert not Identity.objects.exists()


def test_strangers_stay_out_the_invited_get_their_role_once(owner: User, sso: str) -> None:
    known_there(sso, "n1", email="new@example.org", email_verified=True, name="Newcomer")
    client = Client()
    came_back(client, sent_to_provider(client), "n1")
    assert "Ask its owner to invite you" in client.get("/account/login/").content.decode()
    assert not User.objects.filter(email="new@example.org").exists()

    invitation, _ = invite(by=owner, role=Role.VIEWER, email="new@example.org")
    came_back(client, sent_to_provider(client), "n1")
    newcomer = User.objects.get(email="new@example.org")
    assert (newcomer.role, newcomer.display_name, newcomer.has_usable_password()) == ("viewer", "Newcomer", False)
    invitation.refresh_from_db()
    assert invitation.used_by == newcomer
    assert who(client) == "new@example.org"


def test_anyone_the_provider_knows_enters_where_that_is_set(owner: User, sso: str, settings: Settings) -> None:
    settings.SSO_ACCOUNTS = "anyone"
    known_there(sso, "n2", email="anyone@example.org", email_verified=True)
    came_back(client := Client(), sent_to_provider(client), "n2")
    assert User.objects.get(email="anyone@example.org").role == "member"


@pytest.mark.django_db
def test_nobody_becomes_the_owner_this_way(sso: str, settings: Settings) -> None:
    settings.SSO_ACCOUNTS = "anyone"
    known_there(sso, "n3", email="first@example.org", email_verified=True)
    came_back(client := Client(), sent_to_provider(client), "n3")
    assert not User.objects.exists()


def test_an_answer_from_another_browser_or_a_second_time_is_refused(owner: User, sso: str) -> None:
    known_there(sso, "a3", email=owner.email, email_verified=True)
    address = sent_to_provider(Client())
    stranger = Client()
    assert came_back(stranger, address, "a3")["Location"] == "/account/login/"
    assert who(stranger) == ""

    client = Client()
    there = httpx.post(sent_to_provider(client), data={"sub": "a3"})
    back = urlsplit(there.headers["Location"])
    client.get(f"{back.path}?{back.query}")
    replayed = Client()
    replayed.cookies = client.cookies
    replayed.get("/account/logout/")
    replayed.post("/account/logout/")
    assert replayed.get(f"{back.path}?{back.query}")["Location"] == "/account/login/"
    assert who(replayed) == ""


def test_a_refusal_there_is_said_here(owner: User, sso: str) -> None:
    client = Client()
    there = httpx.post(sent_to_provider(client), data={"action": "deny"})
    back = urlsplit(there.headers["Location"])
    assert client.get(f"{back.path}?{back.query}")["Location"] == "/account/login/"
    assert "Example Inc. did not sign you in" in client.get("/account/login/").content.decode()


def test_no_way_leads_to_another_site(owner: User, sso: str) -> None:
    known_there(sso, "a4", email=owner.email, email_verified=True)
    client = Client()
    response = came_back(client, sent_to_provider(client, "https://evil.example/"), "a4")
    assert urlsplit(response["Location"]).netloc in ("", "testserver")


def test_a_second_factor_is_owed_all_the_same(owner: User, sso: str) -> None:
    device = app_of(owner)
    known_there(sso, "a6", email=owner.email, email_verified=True)
    client = Client()
    response = came_back(client, sent_to_provider(client, "/search/"), "a6")
    assert response["Location"] == "/account/second-factor/"
    assert who(client) == ""
    response = client.post("/account/second-factor/", {"code": code_of(device)})
    assert response["Location"] == "/search/"
    assert who(client) == owner.email


def test_somebody_locked_out_stays_out(owner: User, sso: str) -> None:
    known_there(sso, "a5", email=owner.email, email_verified=True)
    User.objects.filter(id=owner.id).update(is_active=False)
    came_back(client := Client(), sent_to_provider(client), "a5")
    assert who(client) == ""


def test_a_provider_that_is_down_is_said(owner: User, sso: str, settings: Settings) -> None:
    settings.OIDC_ISSUER = f"http://127.0.0.1:{free_port()}"
    client = Client()
    assert client.get(BEGIN)["Location"] == "/account/login/"
    assert "did not sign you in" in client.get("/account/login/").content.decode()
