"""A person's second factors together: listed, named, removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.audit import record
from accounts.mail import tell
from accounts.mfa.standing import has_factor, is_required_of
from accounts.models import BackupSheet, Factor, Passkey, TotpDevice, User
from memshadow.lib.errors import Conflict, NotFound

NAME_MAX = 64


@dataclass(frozen=True, slots=True)
class FactorRow:
    """One line of the security page."""

    id: UUID
    kind: str
    name: str
    note: str
    created_at: datetime
    last_used_at: datetime | None


def factors_of(user: User) -> list[FactorRow]:
    """Confirmed apps and passkeys, the oldest first."""
    apps = [_row(device, "app", "") for device in TotpDevice.objects.filter(owner=user, confirmed=True)]
    keys = [_row(key, "passkey", key.rp_id) for key in Passkey.objects.filter(owner=user)]
    return sorted(apps + keys, key=lambda row: row.created_at)


def _row(factor: Factor, kind: str, note: str) -> FactorRow:
    return FactorRow(factor.id, kind, factor.name, note, factor.created_at, factor.last_used_at)


def named(name: str, otherwise: str) -> str:
    """A name that fits; `otherwise` when none was given."""
    return name.strip()[:NAME_MAX] or otherwise


def factor_or_404(user: User, factor_id: UUID) -> TotpDevice | Passkey:
    """One of the person's confirmed factors. Raises NotFound for any other."""
    app = TotpDevice.objects.filter(owner=user, confirmed=True, id=factor_id).first()
    found = app or Passkey.objects.filter(owner=user, id=factor_id).first()
    if found is None:
        raise NotFound("You have no app or passkey with this id.")
    return found


def rename_factor(*, user: User, factor_id: UUID, name: str) -> None:
    """Give it another name; an empty one changes nothing."""
    factor = factor_or_404(user, factor_id)
    factor.name = named(name, factor.name)
    factor.save(update_fields=["name"])


def remove_factor(*, user: User, factor_id: UUID) -> None:
    """Forget a factor; with the last one go the backup codes. Raises Conflict when the server requires one."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two removals at once must not both be 'not the last'
        factor = factor_or_404(user, factor_id)
        others = [row for row in factors_of(user) if row.id != factor_id]
        if not others and is_required_of(user):
            raise Conflict("This server requires a second factor. Add another one before you remove your last.")
        factor.delete()
        if not others:
            BackupSheet.objects.filter(owner=user).delete()
        record("mfa.factor_removed", actor=user, object_id=str(factor_id), kind=factor._meta.model_name)
    tell(
        user,
        subject="A second factor was removed",
        text=f"“{factor.name}” no longer signs you in. If you did not do this, change your password at once.",
    )


def factor_added(factor: Factor) -> None:
    """Note and tell that a factor was set up."""
    record("mfa.factor_added", actor=factor.owner, target=factor, kind=factor._meta.model_name)
    tell(
        factor.owner,
        subject="A second factor was added",
        text=f"“{factor.name}” now signs you in. If you did not do this, change your password and remove it on the "
        "page Security.",
    )


def remaining_factor(user: User) -> Factor | None:
    """Any factor that the person has: what the session in which another was removed goes on with."""
    if not has_factor(user.id):
        return None
    app = TotpDevice.objects.filter(owner=user, confirmed=True).first()
    return app or Passkey.objects.filter(owner=user).first()
