"""Confirming with a passkey, which is all that somebody has who never had a password here; and whose does not do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from accounts.mfa.backup_codes import new_backup_codes
from accounts.models import ApiKey, AuditEvent, BackupSheet, Passkey, User
from accounts.tests.authenticators import HOST, SoftPasskey, options_on, passkey_of
from accounts.tests.test_confirming_view import CONFIRM, forget_confirmation, hidden_fields, is_asking

pytestmark = pytest.mark.django_db
KEYS = "accounts:api_keys"
SENT = {"name": "laptop", "scopes": ["memories:read"], "days": "30"}


@pytest.fixture
def device() -> SoftPasskey:
    return SoftPasskey()


@pytest.fixture
def client(owner: User, device: SoftPasskey, client_for: Callable[[User], Client]) -> Client:
    """Alice, who has a passkey and nothing else, eleven minutes after signing in."""
    passkey_of(client_for(owner), device)
    BackupSheet.objects.all().delete()
    owner.set_unusable_password()
    owner.save()
    client = client_for(owner)
    forget_confirmation()
    return client


def asked(client: Client, **sent: Any) -> dict[str, Any]:
    """What the page that asks gives the browser's authenticator."""
    found: dict[str, Any] = json.loads(
        client.post(reverse(KEYS), SENT | sent, headers={"host": HOST}).context["options"]
    )
    return found


def confirm_with(client: Client, credential: str, page: str = CONFIRM, **more: Any) -> Any:
    answer = {"confirm_by": "passkey", "confirm_answer": credential}
    return client.post(page, answer | more, headers={"host": HOST})


def test_the_only_way_that_is_offered_is_the_passkey(client: Client, device: SoftPasskey) -> None:
    page = client.get(CONFIRM, headers={"host": HOST})
    assert [proof.name for proof in page.context["proofs"]] == ["passkey"]
    assert b"Use my passkey" in page.content and b"Sign out" not in page.content and b"passkeys.js" in page.content


def test_a_form_is_kept_and_done_once_the_passkey_signed(client: Client, device: SoftPasskey) -> None:
    question = asked(client)
    assert question["userVerification"] == "required" and not ApiKey.objects.exists()
    done = confirm_with(client, device.get(question), reverse(KEYS), **SENT)
    assert ApiKey.objects.get().name == "laptop" and done.context["new_key"]
    assert AuditEvent.objects.get(action="identity.confirmed").details["by"] == "passkey"
    assert not is_asking(client.post(reverse(KEYS), SENT | {"name": "second"})) and ApiKey.objects.count() == 2


def test_the_administration_takes_it_too(client: Client, device: SoftPasskey, other: User) -> None:
    page = reverse("admin:accounts_user_change", args=[other.id])
    held = client.post(page, {"display_name": "Robert", "is_active": "on"}, headers={"host": HOST})
    assert is_asking(held)
    fields = hidden_fields(held.content.decode()) | {"confirm_answer": device.get(json.loads(held.context["options"]))}
    assert client.post(page, fields, headers={"host": HOST}).status_code == 302
    other.refresh_from_db()
    assert other.display_name == "Robert"


def test_a_touch_is_not_enough_at_an_open_browser(client: Client, device: SoftPasskey) -> None:
    device.verifies_user = False
    assert b"That passkey is not right." in confirm_with(client, device.get(asked(client))).content
    assert is_asking(client.post(reverse(KEYS), SENT))


def test_another_persons_passkey_and_a_forged_one_do_not_confirm(
    client: Client, device: SoftPasskey, other: User, client_for: Callable[[User], Client]
) -> None:
    theirs, forged = SoftPasskey(), SoftPasskey()
    passkey_of(client_for(other), theirs)
    forged.id, forged.user_handle, forged.count = device.id, device.user_handle, 10
    for stranger in (theirs, forged):
        assert is_asking(confirm_with(client, stranger.get(asked(client))))
    assert is_asking(client.post(reverse(KEYS), SENT)) and not ApiKey.objects.exists()


def test_an_answer_works_once_and_answers_this_question_only(client: Client, device: SoftPasskey) -> None:
    answer = device.get(asked(client))
    assert confirm_with(client, answer).status_code == 302
    forget_confirmation()
    asked(client)
    assert is_asking(confirm_with(client, answer))
    signed_in_with = device.get(options_on(client, "accounts:passkey_sign_in"))
    asked(client)
    assert is_asking(confirm_with(client, signed_in_with))


@pytest.mark.parametrize("credential", ["", "{}", "[]", "not json", '{"id": 5}'])
def test_nonsense_is_refused_in_words(client: Client, credential: str) -> None:
    asked(client)
    assert b"That passkey is not right." in confirm_with(client, credential).content


def test_wrong_passkeys_lock_as_wrong_passwords_do(client: Client) -> None:
    forged = SoftPasskey()
    statuses = [confirm_with(client, forged.get(asked(client))).status_code for _ in range(5)]
    assert statuses[:4] == [200] * 4 and statuses[4] in (302, 429)
    assert client.get("/").status_code == 302, "the session is ended"


def test_a_passkey_of_another_host_is_not_offered_and_the_password_goes_on(
    client: Client, owner: User, client_for: Callable[[User], Client]
) -> None:
    Passkey.objects.update(rp_id="old.example.org")
    assert b"Sign out and in again" in client.get(CONFIRM, headers={"host": HOST}).content
    with_password = User.objects.filter(id=owner.id)
    with_password.update(password=make_password("another unusual phrase"))
    ask = client_for(with_password.get()).get(CONFIRM, headers={"host": HOST})
    assert [proof.name for proof in ask.context["proofs"]] == ["password"] and b"passkeys.js" not in ask.content


def test_programs_are_not_told_to_send_a_passkey(client: Client, owner: User, api_key: Callable[..., str]) -> None:
    new_backup_codes(user=owner)
    headers = {"Authorization": f"Bearer {api_key(owner, ('*',))}"}
    url = "/api/v1/second-factors/backup-codes"
    problem = client.post(url, {}, content_type="application/json", headers=headers).json()
    assert problem["detail"] == "Send code too, to prove that it is you."
