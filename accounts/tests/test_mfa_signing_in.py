"""Signing in with a second factor, and every way around it that an attacker with the password would try."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.mfa.backup_codes import new_backup_codes
from accounts.mfa.policy import require_mfa_of
from accounts.models import AuditEvent, BackupCode, Role, TotpDevice, User
from accounts.sealed import sealed_columns
from accounts.tests.authenticators import app_of, code_of
from conftest import PASSWORD
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db
LOGIN, SECOND = "accounts:login", "accounts:second_factor"


@pytest.fixture
def app(owner: User) -> TotpDevice:
    return app_of(owner)


def give_password(client: Client, user: User, **more: str) -> Any:
    return client.post(reverse(LOGIN), {"username": user.email, "password": PASSWORD, **more})


def give_code(client: Client, code: str) -> Any:
    return client.post(reverse(SECOND), {"code": code})


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_password_and_the_app_open_the_library(client: Client, owner: User, app: TotpDevice) -> None:
    response = give_password(client, owner, next="/library/?kind=note")
    assert response["Location"] == reverse(SECOND) and not is_in(client)
    page = client.get(reverse(SECOND)).content.decode()
    assert owner.email in page and PASSWORD not in page
    response = give_code(client, code_of(app))
    assert response["Location"] == "/library/?kind=note" and is_in(client)
    assert client.get("/api/v1/me").json()["email"] == owner.email
    event = AuditEvent.objects.get(action="mfa.passed")
    assert (event.actor, event.object_id) == (owner, str(app.id))


@pytest.mark.parametrize("path", ["/", "/library/", "/account/", "/account/security/", "/account/people/", "/admin/"])
def test_the_password_alone_opens_no_page(client: Client, owner: User, app: TotpDevice, path: str) -> None:
    give_password(client, owner)
    response = client.get(path)
    assert response.status_code == 302 and "login" in response["Location"]


def test_a_session_made_without_the_second_factor_is_nobodys(client: Client, owner: User, app: TotpDevice) -> None:
    """However it came to be: an older sign-in, another way in, a forgotten check."""
    client.force_login(owner)
    for path in ("/", "/account/security/app/", "/account/security/passkey/", "/admin/accounts/user/"):
        response = client.get(path)
        assert response.status_code == 302 and "login" in response["Location"]
    assert client.get("/api/v1/me").status_code == 401
    assert client.post("/account/security/codes/", {"confirmed": "1"}).status_code == 302
    assert not BackupCode.objects.exists()


def test_another_persons_factor_does_not_count(client: Client, owner: User, other: User, app: TotpDevice) -> None:
    client.force_login(owner)
    session = client.session
    session["otp_device_id"] = app_of(other).persistent_id
    session.save()
    assert not is_in(client)


def test_an_api_key_needs_no_second_factor(owner: User, app: TotpDevice, api_key: Callable[..., str]) -> None:
    response = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {api_key(owner)}"})
    assert response.status_code == 200


def test_a_code_works_once(client: Client, owner: User, app: TotpDevice) -> None:
    code = code_of(app)
    give_password(client, owner)
    give_code(client, code)
    thief = Client()
    give_password(thief, owner)
    response = give_code(thief, code)
    assert response.status_code == 200 and b"used already" in response.content and not is_in(thief)


def test_the_code_that_set_the_app_up_is_used(client: Client, owner: User, app: TotpDevice) -> None:
    give_password(client, owner)
    give_code(client, code_of(app, steps=-1))
    assert not is_in(client)


@pytest.mark.parametrize("steps", [-2, 2, 10])
def test_codes_of_other_times_do_not_open(client: Client, owner: User, app: TotpDevice, steps: int) -> None:
    TotpDevice.objects.update(last_step=-1)
    give_password(client, owner)
    give_code(client, code_of(app, steps=steps))
    assert not is_in(client)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٣٤٥٦٧٨", "000000\0", "x" * 5000])
def test_what_is_no_code_opens_nothing(client: Client, owner: User, app: TotpDevice, code: str) -> None:
    give_password(client, owner)
    assert give_code(client, code).status_code == 200 and not is_in(client)


def test_an_unconfirmed_app_is_not_asked_for(client: Client, owner: User, app: TotpDevice) -> None:
    TotpDevice.objects.update(confirmed=False)
    assert give_password(client, owner)["Location"] == "/" and is_in(client)


def test_a_code_of_another_persons_app_does_not_open(client: Client, owner: User, other: User, app: TotpDevice) -> None:
    theirs = app_of(other)
    give_password(client, owner)
    give_code(client, code_of(theirs))
    assert not is_in(client)


def test_a_backup_code_works_once_and_is_told(
    client: Client, owner: User, app: TotpDevice, django_capture_on_commit_callbacks: Any
) -> None:
    codes = new_backup_codes(user=owner)
    assert len(set(codes)) == 10
    give_password(client, owner)
    with django_capture_on_commit_callbacks(execute=True):
        give_code(client, codes[0].upper().replace("-", " "))
    assert is_in(client)
    assert [message.to for message in mail.outbox] == [[owner.email]] and "9 are left" in mail.outbox[0].body
    assert AuditEvent.objects.get(action="mfa.backup_code_used").details["left"] == 9
    again = Client()
    give_password(again, owner)
    give_code(again, codes[0])
    assert not is_in(again)
    give_code(again, codes[1])
    assert is_in(again)


def test_new_backup_codes_make_the_old_ones_worthless(client: Client, owner: User, app: TotpDevice) -> None:
    old = new_backup_codes(user=owner)
    new_backup_codes(user=owner)
    give_password(client, owner)
    give_code(client, old[0])
    assert not is_in(client)


def test_secrets_are_stored_sealed_or_hashed(owner: User, app: TotpDevice) -> None:
    codes = new_backup_codes(user=owner)
    raw = bytes(TotpDevice.objects.values_list("secret_sealed", flat=True).get())
    assert app.secret.encode() not in raw and len(app.secret) == 32
    assert any(place.model is TotpDevice for place in sealed_columns()), "a rotated data key takes it along"
    stored = " ".join(BackupCode.objects.values_list("code_hash", flat=True))
    assert not any(code.replace("-", "")[4:] in stored for code in codes)


def test_guessing_the_second_factor_locks(client: Client, owner: User, app: TotpDevice) -> None:
    give_password(client, owner)
    statuses = [give_code(client, "000000").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    response = give_code(client, code_of(app))
    assert response.status_code == 429 and not is_in(client)
    assert b"Wait 15 minutes" in response.content and int(response["Retry-After"]) > 890
    again = Client()
    assert give_password(again, owner).status_code == 429


def test_passwords_and_codes_count_together(client: Client, owner: User, app: TotpDevice) -> None:
    """The right password in between forgives nothing: it is what the attacker has."""
    for _ in range(2):
        client.post(reverse(LOGIN), {"username": owner.email, "password": "wrong"})
    give_password(client, owner)
    give_code(client, "000000")
    give_password(client, owner)
    assert give_code(client, "000000").status_code == 200
    assert give_code(client, "000000").status_code == 429


def test_signing_in_forgives_the_failures(client: Client, owner: User, app: TotpDevice) -> None:
    give_password(client, owner)
    for _ in range(4):
        give_code(client, "000000")
    give_code(client, code_of(app))
    assert is_in(client)
    again = Client()
    give_password(again, owner)
    assert give_code(again, "000000").status_code == 200


def test_guesses_from_many_addresses_slow_down_but_not_for_ever(owner: User, app: TotpDevice) -> None:
    for number in range(5):
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        give_password(client, owner)
        give_code(client, "000000")
    client = Client(REMOTE_ADDR="192.0.2.99")
    give_password(client, owner)
    assert give_code(client, code_of(app)).status_code == 429 and not is_in(client)
    for _ in range(100):
        TotpDevice.objects.get().throttle_increment()
    TotpDevice.objects.update(throttling_failure_timestamp=now() - timedelta(minutes=18))
    assert TotpDevice.objects.get().verify_token(code_of(app)), "an attacker cannot lock the person out for ever"


@pytest.mark.parametrize("change", ["expired", "password", "inactive"])
def test_a_half_done_sign_in_ends(
    client: Client, owner: User, app: TotpDevice, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    give_password(client, owner)
    if change == "expired":
        monkeypatch.setattr("accounts.mfa.signing_in._LIVES_S", -1)
    elif change == "password":
        owner.set_password("another quite unusual phrase")
        owner.save()
    else:
        User.objects.update(is_active=False)
    response = give_code(client, code_of(app))
    assert response["Location"] == reverse(LOGIN) and not is_in(client)


def test_signing_in_makes_a_new_session(client: Client, owner: User, app: TotpDevice) -> None:
    """A session key that somebody planted before does not become theirs."""
    client.get(reverse("accounts:passkey_sign_in"), headers={"host": "localhost"})
    planted = client.session.session_key
    give_password(client, owner)
    half = client.session.session_key
    give_code(client, code_of(app))
    assert len({planted, half, client.session.session_key}) == 3


def test_the_administrations_own_sign_in_leads_to_ours(client: Client, owner: User, app: TotpDevice) -> None:
    response = client.get("/admin/login/?next=/admin/accounts/")
    assert response["Location"] == "/account/login/?next=%2Fadmin%2Faccounts%2F"
    client.post("/admin/login/", {"username": owner.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    give_password(client, owner, next="/admin/")
    assert give_code(client, code_of(app))["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_a_member_at_the_administration_is_refused_not_sent_around(
    other: User, client_for: Callable[[User], Client]
) -> None:
    assert client_for(other).get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize(
    ("policy", "role", "leads"),
    [
        ("everyone", Role.MEMBER, True),
        ("staff", Role.MEMBER, False),
        ("staff", Role.ADMINISTRATOR, True),
        ("nobody", Role.ADMINISTRATOR, False),
    ],
)
def test_who_must_have_a_second_factor_sets_it_up_first(
    client: Client, owner: User, make_user: Callable[..., User], policy: str, role: str, leads: bool
) -> None:
    require_mfa_of(by=owner, whom=policy)
    person = make_user("nora@example.org", role)
    assert give_password(client, person)["Location"] == "/"
    assert (client.get("/").status_code == 302) is leads
    assert (client.get("/api/v1/me").status_code == 401) is leads
    if leads:
        for path in ("/", "/library/", "/account/", "/account/api-keys/", "/admin/"):
            assert client.get(path)["Location"] == reverse("accounts:security")
        page = client.get(reverse("accounts:security"))
        assert b"Set up a second factor to go on" in page.content
        set_up(client, person)
        assert client.get("/").status_code == 200 and client.get("/api/v1/me").status_code == 200


def set_up(client: Client, user: User) -> None:
    client.get(reverse("accounts:app_add"))
    device = TotpDevice.objects.get(owner=user)
    response = client.post(reverse("accounts:app_add"), {"code": code_of(device), "name": "Phone"})
    assert b"Your backup codes" in response.content
