"""Accounts through their flows: the owner's link, invitations, passwords, keys; nothing is saved on refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpRequest
from django.test import override_settings
from pytest_django import Settings

from accounts.flows.api_keys import authenticate_api_key
from accounts.flows.creating import create_account
from accounts.flows.invitations import accept, invite, open_invitation, withdraw
from accounts.flows.passwords import change_password
from accounts.flows.setup import ensure_owner, setup_link
from accounts.models import AuditEvent, DataKey, Invitation, Role, User
from accounts.password_rules import ContextWordsValidator, LeakedPasswordValidator
from conftest import PASSWORD
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused, ValidationFailed

pytestmark = pytest.mark.django_db
GOOD = "a quite unusual phrase"


def token_of(link: str) -> str:
    return link.rstrip("/").rsplit("/", 1)[-1]


def test_the_setup_link_makes_one_owner_once() -> None:
    link = setup_link()
    assert link is not None
    user = accept(token=token_of(link), email="Ada@Example.org", password=GOOD)
    assert (user.role, user.email, user.is_staff, user.is_superuser) == (Role.OWNER, "ada@example.org", True, True)
    assert DataKey.objects.filter(owner=user).count() == 2
    with pytest.raises(NotFound):
        accept(token=token_of(link), email="eve@example.org", password=GOOD)
    assert User.objects.count() == 1
    assert setup_link() is None


def test_a_new_setup_link_withdraws_the_one_before() -> None:
    first, second = setup_link(), setup_link()
    assert first and second
    with pytest.raises(NotFound):
        open_invitation(token_of(first))
    assert open_invitation(token_of(second)).role == Role.OWNER


def test_an_expired_link_is_worthless() -> None:
    link = setup_link()
    assert link
    Invitation.objects.update(expires_at=now() - timedelta(seconds=1))
    with pytest.raises(NotFound):
        accept(token=token_of(link), email="ada@example.org", password=GOOD)
    assert not User.objects.exists()


def test_two_links_cannot_make_two_owners(owner: User) -> None:
    Invitation.objects.create(token_hash=b"x" * 32, role=Role.OWNER, expires_at=now() + timedelta(days=1))
    from accounts.tokens import hash_secret

    Invitation.objects.update(token_hash=hash_secret("stale"))
    with pytest.raises(Conflict):
        accept(token="stale", email="eve@example.org", password=GOOD)
    assert User.objects.filter(role=Role.OWNER).count() == 1


@pytest.mark.parametrize(
    "password", ["short", "password1234", "123456789012345", "alice@example.org", "alicealicealice"]
)
def test_weak_passwords_are_refused_and_nothing_is_saved(password: str) -> None:
    with pytest.raises(ValidationFailed):
        create_account(email="alice@example.org", password=password, display_name="alicealicealice")
    assert not User.objects.exists()
    assert not DataKey.objects.exists()


@pytest.mark.parametrize("password", ["iloveyouforever", "ILoveYouForever", "liverpoolfc1892", "qwertyuiopasdf"])
def test_passwords_known_from_leaks_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        LeakedPasswordValidator().validate(password)


def test_the_rule_about_leaks_is_in_force() -> None:
    with pytest.raises(ValidationFailed, match="known from leaks"):
        create_account(email="alice@example.org", password="iloveyouforever")
    assert not User.objects.exists()
    for harmless in (GOOD, "short", "漢" * 12, "x" * 500, "tell nobody of the blue heron"):
        LeakedPasswordValidator().validate(harmless)


def test_addresses_differ_only_beyond_their_case(owner: User) -> None:
    with pytest.raises(Conflict):
        create_account(email="ALICE@example.ORG", password=GOOD)
    assert User.objects.count() == 1
    assert authenticate(HttpRequest(), username="Alice@Example.org", password=PASSWORD) == owner


def test_the_last_five_passwords_may_not_return(owner: User) -> None:
    for number in range(4):
        change_password(user=owner, new=f"{GOOD} {number}")
    with pytest.raises(ValidationFailed):
        change_password(user=owner, new=PASSWORD)
    change_password(user=owner, new=f"{GOOD} 4")
    change_password(user=owner, new=PASSWORD)
    assert authenticate(HttpRequest(), username=owner.email, password=PASSWORD) == owner


@override_settings(
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
)
def test_passwords_are_stored_with_argon2id() -> None:
    assert create_account(email="ada@example.org", password=GOOD).password.startswith("argon2$argon2id$")


@pytest.mark.parametrize(
    ("password", "passes"),
    [
        ("memshadow2026!", False),
        ("My-MemShadow-admin", False),
        ("thinkpad.example-1", False),
        ("a shadow over innsmouth", True),
        ("correct horse battery", True),
        ("x" * 64 + "memshadow", True),
    ],
)
def test_passwords_around_the_servers_own_name_are_refused(settings: Settings, password: str, passes: bool) -> None:
    settings.BASE_URL = "https://thinkpad.example.org"
    if passes:
        ContextWordsValidator().validate(password)
        return
    with pytest.raises(ValidationError):
        ContextWordsValidator().validate(password)


def test_the_rule_about_obvious_words_is_in_force(db: None) -> None:
    with pytest.raises(ValidationFailed, match="name of this product"):
        create_account(email="ada@example.org", password="memshadow-1234")


def test_only_managers_invite_and_only_the_owner_invites_administrators(owner: User, other: User, staff: User) -> None:
    with pytest.raises(PermissionRefused):
        invite(by=other)
    with pytest.raises(PermissionRefused):
        invite(by=staff, role=Role.ADMINISTRATOR)
    with pytest.raises(ValidationFailed):
        invite(by=owner, role=Role.OWNER)
    assert not Invitation.objects.exists()
    invitation, _ = invite(by=owner, role=Role.ADMINISTRATOR)
    assert invitation.role == Role.ADMINISTRATOR


def test_an_invitation_for_an_address_is_for_that_address(owner: User) -> None:
    _, link = invite(by=owner, email="dora@example.org", role=Role.VIEWER)
    with pytest.raises(ValidationFailed):
        accept(token=token_of(link), email="eve@example.org", password=GOOD)
    assert accept(token=token_of(link), email="Dora@example.org", password=GOOD).role == Role.VIEWER


def test_a_withdrawn_invitation_is_worthless_and_only_its_maker_withdraws(owner: User, other: User) -> None:
    invitation, link = invite(by=owner)
    with pytest.raises(NotFound):
        withdraw(by=other, invitation_id=invitation.id)
    withdraw(by=owner, invitation_id=invitation.id)
    with pytest.raises(NotFound):
        open_invitation(token_of(link))


def test_ensure_owner_on_a_database_without_tables_says_what_to_do(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user RENAME COLUMN kind TO kind_of_before")
    with pytest.raises(CommandError, match=r"run manage\.py prepare"):
        call_command("ensure_owner", "--email", "ada@example.org", stderr=StringIO())


def test_ensure_owner_prints_a_key_once(db: None) -> None:
    out = StringIO()
    call_command("ensure_owner", "--email", "ada@example.org", "--api-key", "deploy", stdout=out, stderr=StringIO())
    key = authenticate_api_key(out.getvalue().strip())
    assert key is not None and key.owner.role == Role.OWNER
    again = StringIO()
    call_command("ensure_owner", "--email", "ADA@example.org", "--api-key", "deploy", stdout=again, stderr=StringIO())
    assert again.getvalue() == ""
    with pytest.raises(CommandError):
        call_command("ensure_owner", "--email", "eve@example.org", stderr=StringIO())
    assert User.objects.count() == 1


def test_ensure_owner_is_idempotent(owner: User) -> None:
    assert ensure_owner(email=owner.email) == (owner, False)


def test_what_matters_is_audited(owner: User, api_key: Callable[..., str]) -> None:
    api_key(owner)
    change_password(user=owner, new=GOOD)
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {"api_key.created", "password.changed"}
