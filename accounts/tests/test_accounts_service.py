"""Accounts through their flows: the owner's link, invitations, passwords, keys; nothing is saved on refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import override_settings

from accounts.flows.api_keys import authenticate_api_key, create_api_key, revoke_api_key
from accounts.flows.creating import create_account
from accounts.flows.invitations import accept, invite, open_invitation, withdraw
from accounts.flows.passwords import change_password
from accounts.flows.setup import ensure_owner, setup_link
from accounts.models import ApiKey, AuditEvent, DataKey, Invitation, Role, User
from accounts.tokens import new_api_key, prefix_of
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


def test_addresses_differ_only_beyond_their_case(owner: User) -> None:
    with pytest.raises(Conflict):
        create_account(email="ALICE@example.ORG", password=GOOD)
    assert User.objects.count() == 1
    assert authenticate(username="Alice@Example.org", password=PASSWORD) == owner


def test_the_last_five_passwords_may_not_return(owner: User) -> None:
    current = PASSWORD
    for number in range(4):
        change_password(user=owner, current=current, new=f"{GOOD} {number}")
        current = f"{GOOD} {number}"
    with pytest.raises(ValidationFailed):
        change_password(user=owner, current=current, new=PASSWORD)
    change_password(user=owner, current=current, new=f"{GOOD} 4")
    change_password(user=owner, current=f"{GOOD} 4", new=PASSWORD)
    assert authenticate(username=owner.email, password=PASSWORD) == owner


def test_a_wrong_current_password_changes_nothing(owner: User) -> None:
    before = owner.password
    with pytest.raises(ValidationFailed):
        change_password(user=owner, current="wrong", new=GOOD)
    owner.refresh_from_db()
    assert owner.password == before


@override_settings(
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
)
def test_passwords_are_stored_with_argon2id() -> None:
    assert create_account(email="ada@example.org", password=GOOD).password.startswith("argon2$argon2id$")


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


def test_api_keys_are_stored_hashed_and_found_by_prefix(owner: User) -> None:
    key, text = create_api_key(owner=owner, name="laptop", scopes=["read"])
    assert text.startswith("msh_") and prefix_of(text) == key.prefix
    assert text not in str(ApiKey.objects.values().get())
    assert authenticate_api_key(text) == key
    assert authenticate_api_key(text[:-1] + ("a" if text[-1] != "a" else "b")) is None
    assert authenticate_api_key(new_api_key().text) is None


def test_revoked_expired_and_inactive_keys_do_not_work(owner: User, other: User) -> None:
    key, text = create_api_key(owner=owner, name="one", scopes=["read"])
    with pytest.raises(NotFound):
        revoke_api_key(owner=other, key_id=key.id)
    revoke_api_key(owner=owner, key_id=key.id)
    assert authenticate_api_key(text) is None
    _, late = create_api_key(owner=owner, name="two", scopes=["read"], expires_in=timedelta(seconds=-1))
    assert authenticate_api_key(late) is None
    _, gone = create_api_key(owner=other, name="three", scopes=["read"])
    User.objects.filter(id=other.id).update(is_active=False)
    assert authenticate_api_key(gone) is None


@pytest.mark.parametrize(("name", "scopes"), [("", ["read"]), ("x", []), ("x", ["root"]), ("x" * 81, ["read"])])
def test_a_bad_key_request_saves_nothing(owner: User, name: str, scopes: list[str]) -> None:
    with pytest.raises(ValidationFailed):
        create_api_key(owner=owner, name=name, scopes=scopes)
    assert not ApiKey.objects.exists()


def test_a_viewers_keys_only_read(viewer: User) -> None:
    with pytest.raises(PermissionRefused):
        create_api_key(owner=viewer, name="x", scopes=["write"])
    assert create_api_key(owner=viewer, name="x", scopes=["read"])[0].allows("read")


@pytest.mark.parametrize(
    ("held", "allowed"),
    [(["read"], {"read"}), (["write"], {"read", "write"}), (["admin"], {"read", "write", "admin"})],
)
def test_scopes_imply_the_lesser_ones(held: list[str], allowed: set[str]) -> None:
    key = ApiKey(scopes=held)
    assert {scope for scope in ("read", "write", "admin") if key.allows(scope)} == allowed


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
    change_password(user=owner, current=PASSWORD, new=GOOD)
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {"api_key.created", "password.changed"}
