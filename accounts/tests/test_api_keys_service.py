"""API keys: what they may, from where, how long, and how their text is changed."""

from __future__ import annotations

import importlib
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from pytest_django import Settings

from accounts.flows.api_keys import authenticate_api_key, create_api_key, revoke_api_key, rotate_api_key
from accounts.models import ApiKey, AuditEvent, User
from accounts.permissions import PERMISSIONS, SCOPES, WILDCARDS, carried, scopes_of_role
from accounts.tokens import KEY, new_secret, prefix_of
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused, ValidationFailed

DAY = timedelta(days=1)


def made(owner: User, *scopes: str, **limits: object) -> tuple[ApiKey, str]:
    return create_api_key(owner=owner, name="laptop", scopes=scopes or ["memories:read"], **limits)  # type: ignore[arg-type]


def test_api_keys_are_stored_hashed_and_found_by_prefix(owner: User) -> None:
    key, text = made(owner)
    assert text.startswith("msh_") and prefix_of(text, KEY) == key.prefix
    assert text not in str(ApiKey.objects.values().get())
    assert authenticate_api_key(text) == key
    assert authenticate_api_key(text[:-1] + ("a" if text[-1] != "a" else "b")) is None
    assert authenticate_api_key(new_secret(KEY).text) is None
    assert authenticate_api_key(new_secret(KEY, prefix=key.prefix).text) is None


def test_revoked_expired_and_inactive_keys_do_not_work(owner: User, other: User) -> None:
    key, text = made(owner)
    with pytest.raises(NotFound):
        revoke_api_key(owner=other, key_id=key.id)
    revoke_api_key(owner=owner, key_id=key.id)
    assert authenticate_api_key(text) is None
    assert authenticate_api_key(made(owner, expires_in=timedelta(seconds=-1))[1]) is None
    assert authenticate_api_key(made(owner, expires_in=timedelta(0))[1]) is None
    _, gone = made(other)
    User.objects.filter(id=other.id).update(is_active=False)
    assert authenticate_api_key(gone) is None


def test_a_key_ends_in_90_days_unless_it_is_asked_to_stay(owner: User) -> None:
    key, _ = made(owner)
    assert key.expires_at is not None and 89 * DAY < key.expires_at - now() <= 90 * DAY
    assert made(owner, expires_in=None)[0].expires_at is None


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "x" * 81}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["root"]}),
        ("scopes", {"scopes": ["export:*"]}),
        ("allowed_addresses", {"allowed_addresses": ["10.0.0.1/8"]}),
        ("allowed_addresses", {"allowed_addresses": ["example.org"]}),
        ("allowed_addresses", {"allowed_addresses": [f"10.0.0.{n}" for n in range(21)]}),
        ("requests_per_minute", {"requests_per_minute": 0}),
    ],
)
def test_a_bad_request_saves_nothing(owner: User, field: str, bad: dict[str, object]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        create_api_key(**{"owner": owner, "name": "x", "scopes": ["memories:read"], **bad})  # type: ignore[arg-type]
    assert refused.value.details["field"] == field
    assert not ApiKey.objects.exists()


def test_a_key_cannot_do_more_than_its_owner(viewer: User, other: User) -> None:
    for scope in ("memories:write", "memories:delete", "write"):
        with pytest.raises(PermissionRefused):
            made(viewer, scope)
    assert not ApiKey.objects.exists()
    assert made(viewer, "memories:read")[0].carried == {"memories:read"}
    assert "server" not in {name for name, known in PERMISSIONS.items() if other.role in known.roles}


def test_a_key_cannot_make_a_stronger_one(owner: User) -> None:
    lender = frozenset({"admin", "memories:read"})
    for scopes in (["memories:write"], ["memories:*"], ["*"]):
        with pytest.raises(PermissionRefused, match="cannot hand out more"):
            made(owner, *scopes, lender=lender)
    assert not ApiKey.objects.exists()
    strong, text = made(owner, "*")
    with pytest.raises(PermissionRefused):
        rotate_api_key(owner=owner, key_id=strong.id, grace=DAY, lender=lender)
    assert authenticate_api_key(text) == strong
    made(owner, "admin", lender=lender)


@pytest.mark.parametrize(
    ("held", "lent"),
    [
        (["memories:read"], {"memories:read"}),
        (["memories:*"], {"memories:read", "memories:write", "memories:delete"}),
        (["*"], set(SCOPES)),
        (["admin"], {"admin"}),
        (["memories"], set()),
        (["memories:rea"], set()),
    ],
)
def test_what_scopes_stand_for(held: list[str], lent: set[str]) -> None:
    assert carried(held) == lent


def test_every_scope_is_lent_by_a_permission_and_every_permission_names_a_scope() -> None:
    assert {known.scope for known in PERMISSIONS.values()} - {""} == set(SCOPES)
    assert all(carried([name]) for name in (*SCOPES, *WILDCARDS))
    assert scopes_of_role("viewer") == {"memories:read", "export", "admin"}
    assert scopes_of_role("nobody") == frozenset()


def test_short_names_are_stored_in_full(owner: User) -> None:
    assert made(owner, "read")[0].scopes == ["memories:read"]
    full = ["enrich", "export", "memories:delete", "memories:read", "memories:write"]
    assert made(owner, "write", "read")[0].scopes == full


def test_keys_of_the_first_releases_keep_what_they_could_do(owner: User) -> None:
    before = {"read": ["read"], "write": ["read", "write"], "admin": ["admin", "write"], "new": ["export"]}
    keys = {name: made(owner)[0] for name in before}
    for name, scopes in before.items():
        ApiKey.objects.filter(id=keys[name].id).update(scopes=scopes)
    importlib.import_module("accounts.migrations.0006_api_key_scopes").rename(apps, None)
    after = {name: ApiKey.objects.get(id=key.id).scopes for name, key in keys.items()}
    full = ["enrich", "export", "memories:delete", "memories:read", "memories:write"]
    assert after == {"read": ["memories:read"], "write": full, "admin": ["*"], "new": ["export"]}


@pytest.mark.parametrize(
    ("address", "works"),
    [
        ("203.0.113.7", True),
        ("203.0.113.8", False),
        ("10.20.30.40", True),
        ("::ffff:10.20.30.40", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        (None, False),
    ],
)
def test_a_bound_key_works_from_its_networks_only(owner: User, address: str | None, works: bool) -> None:
    key, text = made(owner, allowed_addresses=["203.0.113.7", " 10.0.0.0/8", "2001:db8::/32", ""])
    assert key.allowed_addresses == ["203.0.113.7/32", "10.0.0.0/8", "2001:db8::/32"]
    if works:
        assert authenticate_api_key(text, address=address) == key
        assert ApiKey.objects.get().last_used_at is not None
        return
    with pytest.raises(PermissionRefused):
        authenticate_api_key(text, address=address)
    assert ApiKey.objects.get().last_used_at is None
    assert AuditEvent.objects.filter(action="api_key.wrong_address", object_id=str(key.id)).exists()


def test_a_key_notes_when_and_whence_it_was_used(owner: User) -> None:
    _, text = made(owner)
    authenticate_api_key(text, address="203.0.113.7")
    first = ApiKey.objects.get()
    assert first.last_used_address == "203.0.113.7" and first.last_used_at is not None
    authenticate_api_key(text, address="203.0.113.7")
    assert ApiKey.objects.get().last_used_at == first.last_used_at
    authenticate_api_key(text, address="2001:db8::1")
    assert ApiKey.objects.get().last_used_address == "2001:db8::1"


def test_rotation_with_grace_leaves_the_old_text_working_for_a_while(owner: User) -> None:
    key, old = made(owner)
    _, new = rotate_api_key(owner=owner, key_id=key.id, grace=timedelta(hours=2))
    assert new != old and prefix_of(new, KEY) == key.prefix
    assert authenticate_api_key(old) == authenticate_api_key(new) == key
    ApiKey.objects.update(old_secret_until=now())
    assert authenticate_api_key(old) is None and authenticate_api_key(new) == key


def test_rotation_without_grace_ends_the_old_text_at_once(owner: User) -> None:
    key, old = made(owner)
    _, between = rotate_api_key(owner=owner, key_id=key.id, grace=DAY)
    _, new = rotate_api_key(owner=owner, key_id=key.id, grace=timedelta(0))
    assert authenticate_api_key(old) is None and authenticate_api_key(between) is None
    assert authenticate_api_key(new) == key


def test_rotation_gives_the_key_its_lifetime_again_but_never_more_to_the_old_text(owner: User) -> None:
    key, _ = made(owner, expires_in=10 * DAY)
    soon = now() + timedelta(hours=1)
    ApiKey.objects.update(created_at=soon - 10 * DAY, expires_at=soon)
    rotated, _ = rotate_api_key(owner=owner, key_id=key.id, grace=DAY)
    assert rotated.expires_at is not None and 9.9 * DAY < rotated.expires_at - now() <= 10 * DAY
    assert rotated.old_secret_until == soon


def test_only_a_usable_key_of_ones_own_is_rotated(owner: User, other: User) -> None:
    key, text = made(owner)
    for by, key_id in ((other, key.id), (owner, uuid4())):
        with pytest.raises(NotFound):
            rotate_api_key(owner=by, key_id=key_id, grace=DAY)
    for grace in (timedelta(hours=-1), timedelta(hours=169)):
        with pytest.raises(ValidationFailed):
            rotate_api_key(owner=owner, key_id=key.id, grace=grace)
    assert authenticate_api_key(text) == key
    revoke_api_key(owner=owner, key_id=key.id)
    with pytest.raises(Conflict):
        rotate_api_key(owner=owner, key_id=key.id, grace=DAY)


def test_a_member_cannot_lift_the_servers_limit_with_a_key(owner: User, other: User, settings: Settings) -> None:
    settings.RATE_LIMIT_KEY = (50, 60.0)
    with pytest.raises(ValidationFailed):
        made(other, requests_per_minute=51)
    assert not ApiKey.objects.exists()
    assert made(other, requests_per_minute=50)[0].requests_per_minute == 50
    assert made(owner, requests_per_minute=51)[0].requests_per_minute == 51
