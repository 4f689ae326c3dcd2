"""Passkeys: made, used after the password and instead of it, and refused to everybody who is not their person."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Passkey, User
from accounts.tests.authenticators import HOST, SoftPasskey, app_of, options_on, passkey_of
from conftest import PASSWORD
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db
ADD, SECOND, ALONE = "accounts:passkey_add", "accounts:second_factor", "accounts:passkey_sign_in"


@pytest.fixture
def device() -> SoftPasskey:
    return SoftPasskey()


@pytest.fixture
def passkey(owner: User, device: SoftPasskey, client_for: Callable[[User], Client]) -> Passkey:
    return passkey_of(client_for(owner), device)


def send(client: Client, page: str, credential: str, **more: str) -> Any:
    return client.post(reverse(page), {"credential": credential, **more}, headers={"host": HOST})


def with_password(user: User) -> Client:
    client = Client()
    client.post(reverse("accounts:login"), {"username": user.email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def changed(credential: str, **fields: Any) -> str:
    sent = json.loads(credential)
    sent.update({k: v for k, v in fields.items() if k in sent})
    sent["response"].update({k: v for k, v in fields.items() if k in sent["response"]})
    return json.dumps(sent)


def test_the_first_passkey_comes_with_backup_codes(
    owner: User, device: SoftPasskey, client_for: Callable[[User], Client]
) -> None:
    client = client_for(owner)
    response = send(client, ADD, device.create(options_on(client, ADD)), name="Laptop")
    assert b"Your backup codes" in response.content and len(response.context["codes"]) == 10
    key = Passkey.objects.get()
    assert (key.owner, key.name, key.rp_id, key.transports) == (owner, "Laptop", "localhost", ["internal"])
    assert is_in(client), "the browser that made it stays signed in"


def test_it_is_the_second_factor(owner: User, device: SoftPasskey, passkey: Passkey) -> None:
    client = with_password(owner)
    assert not is_in(client)
    options = options_on(client, SECOND)
    assert [c["transports"] for c in options["allowCredentials"]] == [["internal"]]
    assert send(client, SECOND, device.get(options))["Location"] == "/" and is_in(client)
    passkey.refresh_from_db()
    assert passkey.sign_count == 1 and passkey.last_used_at is not None and passkey.last_used_at <= now()


def test_it_signs_in_alone(owner: User, device: SoftPasskey, passkey: Passkey) -> None:
    client = Client()
    response = send(client, ALONE, device.get(options_on(client, ALONE)), next="/library/")
    assert response["Location"] == "/library/" and is_in(client)
    assert client.get("/api/v1/me").json()["email"] == owner.email


def test_alone_it_must_have_checked_who_holds_it(owner: User, device: SoftPasskey, passkey: Passkey) -> None:
    """A stolen security key without a PIN is one factor, not two."""
    device.verifies_user = False
    client = Client()
    assert b"not accepted" in send(client, ALONE, device.get(options_on(client, ALONE))).content and not is_in(client)
    client = with_password(owner)
    send(client, SECOND, device.get(options_on(client, SECOND)))
    assert is_in(client)


def test_alone_it_leads_to_our_own_pages_only(device: SoftPasskey, passkey: Passkey) -> None:
    client = Client()
    response = send(client, ALONE, device.get(options_on(client, ALONE)), next="https://evil.example/")
    assert response["Location"] == "/"


def test_another_persons_passkey_is_no_second_factor(
    owner: User, other: User, passkey: Passkey, client_for: Callable[[User], Client]
) -> None:
    theirs = SoftPasskey()
    passkey_of(client_for(other), theirs)
    client = with_password(owner)
    assert send(client, SECOND, theirs.get(options_on(client, SECOND))).status_code == 200 and not is_in(client)


def test_nobody_signs_in_as_somebody_else_by_claiming_their_handle(
    owner: User, other: User, passkey: Passkey, client_for: Callable[[User], Client]
) -> None:
    theirs = SoftPasskey()
    passkey_of(client_for(other), theirs)
    theirs.user_handle = owner.id.bytes
    client = Client()
    send(client, ALONE, theirs.get(options_on(client, ALONE)))
    assert not is_in(client)


def test_a_key_that_claims_anothers_credential_does_not_sign(
    owner: User, device: SoftPasskey, passkey: Passkey
) -> None:
    forged = SoftPasskey()
    forged.id, forged.user_handle, forged.count = device.id, device.user_handle, 10
    client = Client()
    send(client, ALONE, forged.get(options_on(client, ALONE)))
    assert not is_in(client)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("origin", "https://localhost.evil.example"),
        ("origin", "http://localhost:9999"),
        ("origin", "https://localhost"),
        ("rp_id", "evil.example"),
    ],
)
def test_what_was_signed_for_another_site_does_not_open(
    owner: User, device: SoftPasskey, passkey: Passkey, field: str, value: str
) -> None:
    """What a phishing site that passes everything on would send."""
    setattr(device, field, value)
    client = Client()
    assert b"not accepted" in send(client, ALONE, device.get(options_on(client, ALONE))).content and not is_in(client)
    client = with_password(owner)
    send(client, SECOND, device.get(options_on(client, SECOND)))
    assert not is_in(client)


@pytest.mark.parametrize(("field", "value"), [("origin", "https://evil.example"), ("rp_id", "evil.example")])
def test_a_passkey_is_not_made_for_another_site(
    owner: User, device: SoftPasskey, client_for: Callable[[User], Client], field: str, value: str
) -> None:
    setattr(device, field, value)
    client = client_for(owner)
    assert b"could not be added" in send(client, ADD, device.create(options_on(client, ADD))).content
    assert not Passkey.objects.exists()


def test_an_answer_works_once(owner: User, device: SoftPasskey, passkey: Passkey) -> None:
    client = Client()
    answer = device.get(options_on(client, ALONE))
    send(client, ALONE, answer)
    client.post("/account/logout/")
    assert b"sent twice" in send(client, ALONE, answer).content and not is_in(client)
    thief = Client()
    options_on(thief, ALONE)
    assert b"not accepted" in send(thief, ALONE, answer).content and not is_in(thief)


def test_an_answer_to_one_question_is_none_to_another(owner: User, device: SoftPasskey, passkey: Passkey) -> None:
    """What was signed as a second factor, unverified, does not sign in alone."""
    client = with_password(owner)
    answer = device.get(options_on(client, SECOND))
    options_on(client, ALONE)
    send(client, ALONE, answer)
    assert not is_in(client)


def test_a_challenge_grows_old(
    owner: User, device: SoftPasskey, passkey: Passkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    answer = device.get(options_on(client, ALONE))
    monkeypatch.setattr("accounts.mfa.passkeys._CHALLENGE_LIVES_S", -1)
    assert b"too long" in send(client, ALONE, answer).content and not is_in(client)


def test_a_cloned_key_is_found_out(owner: User, device: SoftPasskey, passkey: Passkey) -> None:
    Passkey.objects.update(sign_count=50)
    client = Client()
    send(client, ALONE, device.get(options_on(client, ALONE)))
    assert not is_in(client)


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", "not json", '{"id": 5}', '{"id": "AA", "response": 1}'])
def test_nonsense_is_refused_in_words(owner: User, passkey: Passkey, credential: str) -> None:
    for client, name in ((Client(), ALONE), (with_password(owner), SECOND)):
        options_on(client, name)
        assert send(client, name, credential).status_code == 200 and not is_in(client)


@pytest.mark.parametrize("credential", ["{}", "[]", "not json", '{"response": []}'])
def test_nonsense_makes_no_passkey(owner: User, client_for: Callable[[User], Client], credential: str) -> None:
    client = client_for(owner)
    options_on(client, ADD)
    assert b"could not be added" in send(client, ADD, credential).content and not Passkey.objects.exists()


@pytest.mark.parametrize("field", ["signature", "authenticatorData", "clientDataJSON", "userHandle", "rawId"])
def test_a_changed_answer_does_not_open(owner: User, device: SoftPasskey, passkey: Passkey, field: str) -> None:
    client = Client()
    answer = changed(device.get(options_on(client, ALONE)), **{field: "AAAAAAAAAAAAAAAAAAAAAA"})
    send(client, ALONE, answer)
    assert not is_in(client)


def test_wrong_passkeys_lock_as_wrong_codes_do(owner: User, passkey: Passkey) -> None:
    client, forged, statuses = with_password(owner), SoftPasskey(), []
    for _ in range(5):
        statuses.append(send(client, SECOND, forged.get(options_on(client, SECOND))).status_code)
    assert statuses == [200, 200, 200, 200, 429]


def test_an_account_that_is_switched_off_stays_closed(owner: User, device: SoftPasskey, passkey: Passkey) -> None:
    User.objects.update(is_active=False)
    client = Client()
    send(client, ALONE, device.get(options_on(client, ALONE)))
    assert not is_in(client)


def test_one_credential_is_registered_once(
    owner: User, other: User, device: SoftPasskey, passkey: Passkey, client_for: Callable[[User], Client]
) -> None:
    client = client_for(other)
    response = send(client, ADD, device.create(options_on(client, ADD)))
    assert b"registered already" in response.content and Passkey.objects.count() == 1


def test_under_a_number_the_pages_say_what_to_do(owner: User, client_for: Callable[[User], Client]) -> None:
    for client, name in ((Client(), ALONE), (client_for(owner), ADD)):
        page = client.get(reverse(name), headers={"host": "127.0.0.1:8000"})
        assert b"or under localhost" in page.content and b"data-options" not in page.content


def test_a_passkey_of_another_host_is_not_offered(owner: User, passkey: Passkey) -> None:
    Passkey.objects.update(rp_id="old.example.org")
    client = with_password(owner)
    assert client.get(reverse(SECOND), headers={"host": HOST}).context["options"] is None


def test_an_app_beside_it_works_too(owner: User, passkey: Passkey) -> None:
    app_of(owner)
    assert b"Code" in with_password(owner).get(reverse(SECOND), headers={"host": HOST}).content
