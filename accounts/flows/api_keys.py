"""Making, checking and revoking API keys."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from accounts.audit import record
from accounts.models import ApiKey, User
from accounts.tokens import hash_secret, new_api_key, prefix_of
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound, PermissionRefused, ValidationFailed

_TOUCH_EVERY = timedelta(minutes=1)
_KEYS_MAX = 100


def create_api_key(
    *, owner: User, name: str, scopes: Iterable[str], expires_in: timedelta | None = None
) -> tuple[ApiKey, str]:
    """A key and its text, which is never shown again.

    Raises ValidationFailed for a missing name, unknown scopes or too many keys, PermissionRefused when a viewer
    asks for more than reading.
    """
    wanted = sorted(set(scopes))
    _check(owner, name, wanted)
    new = new_api_key()
    key = ApiKey.objects.create(
        owner=owner,
        name=name.strip(),
        prefix=new.prefix,
        secret_hash=new.secret_hash,
        scopes=wanted,
        expires_at=now() + expires_in if expires_in else None,
    )
    record("api_key.created", actor=owner, target=key, scopes=wanted)
    return key, new.text


def _check(owner: User, name: str, scopes: list[str]) -> None:
    if not name.strip() or len(name.strip()) > 80:
        raise ValidationFailed("Give the key a name of 1 to 80 characters.", field="name")
    if not scopes or not set(scopes) <= set(ApiKey.Scope.values):
        raise ValidationFailed("Choose one or more of the scopes read, write and admin.", field="scopes")
    if not owner.may_write and scopes != ["read"]:
        raise PermissionRefused("A viewer's keys can only read.")
    if ApiKey.objects.filter(owner=owner, revoked_at=None).count() >= _KEYS_MAX:
        raise ValidationFailed(f"You have {_KEYS_MAX} keys; revoke some first.", field="name")


def authenticate_api_key(text: str) -> ApiKey | None:
    """The usable key with this text and an active owner, else None. Notes its use at most once a minute."""
    prefix = prefix_of(text)
    if prefix is None:
        return None
    key = ApiKey.objects.select_related("owner").filter(prefix=prefix).first()
    if key is None or not secrets.compare_digest(bytes(key.secret_hash), hash_secret(text)):
        return None
    moment = now()
    if not key.is_usable(moment) or not key.owner.is_active:
        return None
    if key.last_used_at is None or moment - key.last_used_at > _TOUCH_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=moment)
    return key


def revoke_api_key(*, owner: User, key_id: UUID) -> None:
    """Make a key of one's own worthless at once. Raises NotFound for any other."""
    if not ApiKey.objects.filter(id=key_id, owner=owner, revoked_at=None).update(revoked_at=now()):
        raise NotFound("There is no active key of yours with this id.")
    record("api_key.revoked", actor=owner, object_id=str(key_id))
