"""Backup codes: ten, each of which opens the account once when the phone is gone."""

from __future__ import annotations

import secrets

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.audit import record
from accounts.mfa.standing import has_factor
from accounts.models import BackupCode, BackupSheet, User
from memshadow.lib.errors import ValidationFailed

COUNT = 10
# No 0/o, 1/l/i: they are read from paper. 8 of 31 characters behind the selector are 40 bits, under Argon2.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def new_backup_codes(*, user: User) -> list[str]:
    """Ten new codes as text, `xxxx-xxxx-xxxx`, which are never shown again. The old ones stop working."""
    codes = _distinct_codes()
    hashes = [make_password(code) for code in codes]  # half a second of work, outside the transaction
    with transaction.atomic():
        sheet, _ = BackupSheet.objects.get_or_create(owner=user, defaults={"name": "Backup codes"})
        sheet = BackupSheet.objects.select_for_update().get(pk=sheet.pk)
        sheet.codes.all().delete()
        BackupCode.objects.bulk_create(
            BackupCode(sheet=sheet, selector=code[:4], code_hash=code_hash)
            for code, code_hash in zip(codes, hashes, strict=True)
        )
        sheet.throttle_reset()
        record("mfa.backup_codes_made", actor=user, target=sheet)
    return ["-".join((code[:4], code[4:8], code[8:])) for code in codes]


def require_factor(user: User) -> None:
    """Raises ValidationFailed for who has nothing that backup codes could stand in for."""
    if not has_factor(user.id):
        raise ValidationFailed("Backup codes stand in for an app or a passkey: set one up first.")


def backup_codes_left(user: User) -> int | None:
    """How many codes still work; None when there never were any."""
    sheet = BackupSheet.objects.filter(owner=user).first()
    return sheet.codes.filter(used_at=None).count() if sheet is not None else None


def _distinct_codes() -> list[str]:
    found: dict[str, str] = {}
    while len(found) < COUNT:
        code = "".join(secrets.choice(_ALPHABET) for _ in range(12))
        found.setdefault(code[:4], code)
    return list(found.values())
