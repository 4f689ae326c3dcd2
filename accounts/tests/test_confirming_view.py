"""Confirming who one is, attacked: expiry, guesses, redirects, forms that must not get lost, and what must ask."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.flows import confirming
from accounts.flows.api_keys import create_api_key
from accounts.models import ApiKey, AuditEvent, Invitation, Session, TotpDevice, User
from accounts.tests.authenticators import app_of, code_of
from conftest import PASSWORD
from memories.drafts import MemoryDraft
from memories.models import Memory, State
from memories.services.capture import capture_memory
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db
CONFIRM = "/account/confirm/"
RIGHT = {"confirm_by": "password", "confirm_answer": PASSWORD}
TOKEN = {"X-CSRFToken": "not checked by this client"}
WRONG = {"confirm_by": "password", "confirm_answer": "guess"}


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    """Alice's browser, eleven minutes after she signed in."""
    client = client_for(owner)
    forget_confirmation()
    return client


def forget_confirmation(minutes: float = 10) -> None:
    Session.objects.update(confirmed_at=now() - timedelta(minutes=minutes))


def hidden_fields(page: str) -> dict[str, str]:
    main = page.partition("<main")[2].partition("</main>")[0]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main)
    return {name: unescape(value) for name, value in found}


def is_asking(response: Any) -> bool:
    return b"Confirm that it is you</h1>" in response.content


def test_a_fresh_sign_in_counts_for_ten_minutes(owner: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(owner)
    forget_confirmation(minutes=9.9)
    assert client.get("/api/v1/api-keys").status_code == 200
    forget_confirmation()
    assert client.get("/api/v1/api-keys").status_code == 403


def test_a_form_is_not_lost_and_does_what_it_says_once_confirmed(client: Client) -> None:
    sent = {"name": 'a "quoted" <name>', "scopes": ["memories:read", "memories:write"], "days": "30"}
    url = reverse("accounts:api_keys")
    asked = client.post(url, sent)
    assert is_asking(asked) and not ApiKey.objects.exists() and "no-store" in asked["Cache-Control"]
    fields = hidden_fields(asked.content.decode())
    assert (fields["name"], fields["days"], fields["confirm_by"]) == (sent["name"], "30", "password")
    assert asked.content.count(b'name="scopes"') == 2 and f'action="{url}"' in asked.content.decode()
    done = client.post(url, sent | RIGHT)
    assert ApiKey.objects.get().scopes == ["memories:read", "memories:write"] and done.context["new_key"]
    assert PASSWORD not in done.content.decode()
    assert not is_asking(client.post(url, sent | {"name": "second"})) and ApiKey.objects.count() == 2


def test_a_wrong_answer_does_nothing_and_keeps_the_form(client: Client, owner: User) -> None:
    url = reverse("accounts:api_keys")
    again = client.post(url, {"name": "laptop", "scopes": ["memories:read"], "days": "30"} | WRONG)
    assert b"That password is not right." in again.content and b"guess" not in again.content
    assert hidden_fields(again.content.decode())["name"] == "laptop" and not ApiKey.objects.exists()
    assert AuditEvent.objects.filter(action="identity.refused", actor=owner).count() == 1


def test_five_wrong_answers_end_the_session(client: Client, owner: User, client_for: Callable[[User], Client]) -> None:
    elsewhere = client_for(owner)
    for _ in range(settings.CONFIRMATION_TRIES - 1):
        assert is_asking(client.post(CONFIRM, WRONG))
    assert client.post(CONFIRM, WRONG).status_code == 429  # the lockout of sign-ins counts these guesses too
    assert client.get("/").status_code == 302 and elsewhere.get("/").status_code == 200


def test_a_right_answer_after_too_many_tries_is_no_way_in(client: Client) -> None:
    Session.objects.update(wrong_answers=settings.CONFIRMATION_TRIES)
    client.post(CONFIRM, RIGHT)
    assert client.get("/").status_code == 302 and not Session.objects.exists()


def test_guessing_through_the_password_form_ends_the_session_too(client: Client, owner: User) -> None:
    data = {"current": "guess", "new": "another unusual phrase", "new_again": "another unusual phrase"}
    for _ in range(settings.CONFIRMATION_TRIES):
        client.post(reverse("accounts:password"), data)
    assert client.post(reverse("accounts:password"), data | {"current": PASSWORD})["Location"].startswith(
        reverse("accounts:login")
    )
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_confirming_changes_the_cookie(client: Client) -> None:
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post(CONFIRM, RIGHT)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = before
    assert thief.get("/").status_code == 302


def test_one_browsers_confirmation_is_not_anothers(
    client: Client, owner: User, client_for: Callable[[User], Client]
) -> None:
    elsewhere = client_for(owner)
    forget_confirmation()
    client.post(CONFIRM, RIGHT)
    assert is_asking(elsewhere.post(reverse("accounts:api_keys"), {"name": "k"}))


def test_someone_elses_password_does_not_confirm(client: Client, other: User) -> None:
    other.set_password("bob has another phrase")
    other.save()
    assert is_asking(client.post(CONFIRM, RIGHT | {"confirm_answer": "bob has another phrase"}))


@pytest.mark.parametrize("by", ["", "nonsense", "totp"])
def test_a_proof_that_is_not_offered_does_not_confirm(client: Client, by: str) -> None:
    assert b"Choose one of the ways" in client.post(CONFIRM, RIGHT | {"confirm_by": by}).content
    assert client.get("/api/v1/api-keys").status_code == 403


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("/library/?kind=note", "/library/?kind=note"),
        ("https://evil.example/", "/account/"),
        ("//evil.example/", "/account/"),
        ("javascript:alert(1)", "/account/"),
        ("http:///evil.example", "/account/"),
        ("/\\evil.example", "/account/"),
        ("", "/account/"),
    ],
)
def test_next_leads_only_to_our_own_pages(client: Client, wanted: str, lands: str) -> None:
    page = client.get(CONFIRM, {"next": wanted})
    assert hidden_fields(page.content.decode())["next"] == lands
    assert client.post(CONFIRM, RIGHT | {"next": wanted})["Location"] == lands


def test_a_page_that_hurts_by_being_opened_asks_first_and_comes_back(client: Client) -> None:
    url = reverse("memories:export_download") + "?format=csv"
    asked = client.get(url)
    assert asked["Location"].startswith(f"{CONFIRM}?next=%2F")
    next_url = hidden_fields(client.get(asked["Location"]).content.decode())["next"]
    assert client.post(CONFIRM, RIGHT | {"next": next_url})["Location"] == url
    assert client.get(url)["Content-Disposition"].startswith("attachment")


def _revoke(owner: User) -> tuple[str, dict[str, str]]:
    return reverse(
        "accounts:api_key_revoke", args=[create_api_key(owner=owner, name="k", scopes=["memories:read"])[0].id]
    ), {}


def _administrator(owner: User) -> tuple[str, dict[str, str]]:
    return reverse("accounts:invitations"), {"role": "administrator", "email": ""}


def _erase(owner: User) -> tuple[str, dict[str, str]]:
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="x")).memory
    Memory.objects.filter(id=memory.id).update(state=State.DELETED)
    return reverse("memories:trash_empty"), {}


@pytest.mark.parametrize("case", [_revoke, _administrator, _erase])
def test_what_hurts_asks_who_one_is_before_it_asks_whether(
    client: Client, owner: User, case: Callable[[User], tuple[str, dict[str, str]]]
) -> None:
    url, sent = case(owner)
    count = ApiKey.objects.filter(revoked_at=None).count(), Invitation.objects.count(), Memory.objects.count()
    assert is_asking(client.post(url, sent | {"confirmed": "1"}))
    assert count == (ApiKey.objects.filter(revoked_at=None).count(), Invitation.objects.count(), Memory.objects.count())
    asked = client.post(url, sent | RIGHT)
    assert PASSWORD not in asked.content.decode()
    client.post(url, sent | {"confirmed": "1"})
    assert count != (ApiKey.objects.filter(revoked_at=None).count(), Invitation.objects.count(), Memory.objects.count())


def test_inviting_a_member_does_not_ask(client: Client) -> None:
    assert not is_asking(client.post(reverse("accounts:invitations"), {"role": "member", "email": ""}))
    assert Invitation.objects.count() == 1


def test_the_api_tells_a_session_where_to_confirm_and_asks_no_key(client: Client, owner: User) -> None:
    _erase(owner)
    memory_url = f"/api/v1/memories/{Memory.objects.get().id}?permanent=true"
    cases: list[tuple[str, str]] = [
        ("get", "/api/v1/api-keys"),
        ("post", "/api/v1/api-keys"),
        ("delete", "/api/v1/trash"),
        ("delete", memory_url),
        ("get", "/api/v1/exports/jsonl"),
    ]
    for method, path in cases:
        body = {"content_type": "application/json"} if method == "post" else {}
        answer = getattr(client, method)(path, headers=TOKEN, **body)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (403, "confirmation-needed"), path
        assert problem["confirm_url"] == CONFIRM and "www-authenticate" not in answer.headers
    assert Memory.objects.count() == 1
    assert client.get("/api/v1/memories").status_code == 200
    _, text = create_api_key(owner=owner, name="k", scopes=["*"])
    with_key = Client(headers={"Authorization": f"Bearer {text}"})
    assert with_key.get("/api/v1/api-keys").status_code == 200
    assert with_key.delete(memory_url).status_code == 204
    client.post(CONFIRM, RIGHT)
    assert client.delete("/api/v1/trash", headers=TOKEN).status_code == 200


def test_another_part_can_offer_a_proof(
    client: Client, owner: User, other: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Word:
        name, label, help, input_type, autocomplete = "word", "Secret word", "The one we agreed on.", "text", "off"

        def offered_to(self, user: User) -> bool:
            return user == owner

        def holds(self, request: Any, user: User, answer: str) -> bool:
            return answer == f"for {user}"

    monkeypatch.setattr(confirming, "_PROOFS", [*confirming._PROOFS])
    confirming.offer(Word())
    page = client.get(CONFIRM).content.decode()
    assert "Secret word" in page and "The one we agreed on." in page and "Password" in page
    assert [proof.name for proof in confirming.proofs_for(other)] == ["password"]
    assert client.post(CONFIRM, {"confirm_by": "word", "confirm_answer": "for Alice"}).status_code == 302
    assert client.get("/api/v1/api-keys").status_code == 200


def test_a_code_of_the_app_confirms_once(owner: User, client_for: Callable[[User], Client]) -> None:
    device = app_of(owner)
    client = Client()
    client.post(reverse("accounts:login"), {"username": owner.email, "password": PASSWORD})
    client.post(reverse("accounts:second_factor"), {"code": code_of(device)})
    forget_confirmation()
    assert b"Code of your app" in client.get(CONFIRM).content
    TotpDevice.objects.update(last_step=-1)
    answer = {"confirm_by": "code", "confirm_answer": code_of(device)}
    assert client.post(CONFIRM, answer).status_code == 302
    forget_confirmation()
    assert b"That code of your app is not right." in client.post(CONFIRM, answer).content


def test_who_has_no_password_here_is_told_to_sign_in_again(client: Client, owner: User) -> None:
    owner.set_unusable_password()
    owner.save()
    client.force_login(owner)
    forget_confirmation()
    assert b"Sign out and in again" in client.get(CONFIRM).content
    assert not is_asking(client.get("/")) and client.get("/api/v1/api-keys").status_code == 403


def test_the_form_without_its_token_is_refused(owner: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    forget_confirmation()
    assert strict.post(CONFIRM, RIGHT).status_code == 403
    assert Session.objects.get().wrong_answers == 0
