"""Making, checking, rotating and revoking API keys."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.audit import record
from accounts.flows.lending import check_lender, scopes_to_lend
from accounts.models import ApiKey, AuditEvent, User
from accounts.networks import networks, within
from accounts.tokens import KEY, NewSecret, hash_secret, new_secret, prefix_of
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused, ValidationFailed

LIFETIME = timedelta(days=90)
GRACE_MAX = timedelta(days=7)
_TOUCH_EVERY = timedelta(minutes=1)
_KEYS_MAX = 100
_RATE_MAX = 100_000
# Asked with every request: written out, they take a fifth of the time that Django needs to put them together.
_BY_PREFIX = "SELECT * FROM accounts_apikey WHERE prefix = %s"
_OWNER = "SELECT * FROM accounts_user WHERE id = %s"


def create_api_key(
    *,
    owner: User,
    name: str,
    scopes: Iterable[str],
    expires_in: timedelta | None = LIFETIME,
    allowed_addresses: Iterable[str] = (),
    requests_per_minute: int | None = None,
    lender: frozenset[str] | None = None,
) -> tuple[ApiKey, str]:
    """A key and its text, which is never shown again. `expires_in` None: it never expires.

    `lender` holds the scopes of the program that asks, which cannot hand out more than it has. Raises
    ValidationFailed for a missing name, unknown scopes, bad networks or too many keys, PermissionRefused for scopes
    beyond the owner's role or the lender.
    """
    _check(owner, name, requests_per_minute)
    wanted = scopes_to_lend(owner, scopes, lender=lender)
    new = new_secret(KEY)
    key = ApiKey.objects.create(
        owner=owner,
        name=name.strip(),
        prefix=new.prefix,
        secret_hash=new.secret_hash,
        scopes=wanted,
        allowed_addresses=networks(allowed_addresses),
        requests_per_minute=requests_per_minute,
        expires_at=now() + expires_in if expires_in is not None else None,
    )
    record("api_key.created", actor=owner, target=key, scopes=wanted)
    return key, new.text


def _check(owner: User, name: str, requests_per_minute: int | None) -> None:
    if not name.strip() or len(name.strip()) > 80:
        raise ValidationFailed("Give the key a name of 1 to 80 characters.", field="name")
    if requests_per_minute is not None and not 1 <= requests_per_minute <= _RATE_MAX:
        raise ValidationFailed(f"Allow 1 to {_RATE_MAX} requests a minute.", field="requests_per_minute")
    usual = settings.RATE_LIMIT_KEY[0]
    if requests_per_minute is not None and requests_per_minute > usual and not owner.may("server"):
        message = f"More than {usual} requests a minute are the owner's or an administrator's to allow."
        raise ValidationFailed(message, field="requests_per_minute")
    if ApiKey.objects.filter(owner=owner, revoked_at=None).count() >= _KEYS_MAX:
        raise ValidationFailed(f"You have {_KEYS_MAX} keys; revoke some first.", field="name")


def authenticate_api_key(text: str, *, address: str | None = None) -> ApiKey | None:
    """The usable key with this text and an active owner, else None. Notes its use at most once a minute.

    Raises PermissionRefused when the key is bound to networks and `address` lies in none of them.
    """
    prefix = prefix_of(text, KEY)
    if prefix is None:
        return None
    key = _key_with_owner(prefix)
    moment = now()
    if key is None or not _is_text_of(key, text, moment):
        return None
    if not key.is_usable(moment) or not key.owner.is_active:
        return None
    if key.allowed_addresses and not within(address, key.allowed_addresses):
        record("api_key.wrong_address", actor=key.owner, target=key, result=AuditEvent.Result.REFUSED)
        raise PermissionRefused(f"This key does not work from {address}; its owner bound it to other networks.")
    _note_use(key, address, moment)
    return key


def _key_with_owner(prefix: str) -> ApiKey | None:
    for key in ApiKey.objects.raw(_BY_PREFIX, [prefix]):
        key.owner = User.objects.raw(_OWNER, [key.owner_id])[0]
        return key
    return None


def _is_text_of(key: ApiKey, text: str, moment: datetime) -> bool:
    """Whether this is the key's text, or the one before it while that still works."""
    given = hash_secret(text)
    if secrets.compare_digest(bytes(key.secret_hash), given):
        return True
    if key.old_secret_hash is None or key.old_secret_until is None or key.old_secret_until <= moment:
        return False
    return secrets.compare_digest(bytes(key.old_secret_hash), given)


def _note_use(key: ApiKey, address: str | None, moment: datetime) -> None:
    recent = key.last_used_at is not None and moment - key.last_used_at <= _TOUCH_EVERY
    if not recent or key.last_used_address != address:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=moment, last_used_address=address)


def rotate_api_key(
    *, owner: User, key_id: UUID, grace: timedelta, lender: frozenset[str] | None = None
) -> tuple[ApiKey, str]:
    """A new text for a key of one's own; the old one works for `grace` more, zero ends it at once.

    The new text lives as long as the old one was given. Raises NotFound for any other key, Conflict for one that has
    ended, ValidationFailed for a grace beyond a week, PermissionRefused when the key can do more than the lender.
    """
    if not timedelta(0) <= grace <= GRACE_MAX:
        raise ValidationFailed("The old key can work for 0 to 168 hours more.", field="grace_hours")
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().filter(id=key_id, owner=owner).first()
        if key is None:
            raise NotFound("There is no key of yours with this id.")
        moment = now()
        if not key.is_usable(moment):
            raise Conflict("This key was revoked or has expired; make a new one.")
        check_lender(owner, key.scopes, lender)
        new = new_secret(KEY, prefix=key.prefix)
        _replace_secret(key, new, grace, moment)
        record("api_key.rotated", actor=owner, target=key, grace_s=int(grace.total_seconds()))
    return key, new.text


def _replace_secret(key: ApiKey, new: NewSecret, grace: timedelta, moment: datetime) -> None:
    ends, lifetime = moment + grace, key.lifetime
    key.old_secret_hash = key.secret_hash if grace else None
    key.old_secret_until = (min(ends, key.expires_at) if key.expires_at else ends) if grace else None
    key.secret_hash = new.secret_hash
    key.rotated_at = moment
    key.expires_at = moment + lifetime if lifetime else None
    key.save(update_fields=["secret_hash", "old_secret_hash", "old_secret_until", "rotated_at", "expires_at"])


def revoke_api_key(*, owner: User, key_id: UUID) -> None:
    """Make a key of one's own worthless at once. Raises NotFound for any other."""
    if not ApiKey.objects.filter(id=key_id, owner=owner, revoked_at=None).update(revoked_at=now()):
        raise NotFound("There is no active key of yours with this id.")
    record("api_key.revoked", actor=owner, object_id=str(key_id))
