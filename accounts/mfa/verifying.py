"""Checking a code: six digits of an authenticator app, or a backup code."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest

from accounts.audit import record
from accounts.mail import tell
from accounts.mfa.lockout import count_failure, refuse_if_locked, wait_text
from accounts.models import BackupCode, BackupSheet, Factor, TotpDevice, User
from memshadow.lib.clock import now
from memshadow.lib.errors import TooManyAttempts, ValidationFailed

_WRONG = "That code is not right, or was used already. Enter the newest one, or a backup code."


def check_code(request: HttpRequest, *, user: User, code: str) -> Factor:
    """The factor that accepted the code, which no longer works then.

    Raises ValidationFailed for a wrong code, which counts as a failed sign-in, and TooManyAttempts while the person is
    locked out from this address or has to wait because of guesses from anywhere.
    """
    refuse_if_locked(request, user)
    with transaction.atomic():
        devices = _candidates(user, _plain(code))
        _refuse_while_slowed(devices)
        accepted = next((device for device in devices if device.verify_token(_plain(code))), None)
    if accepted is None:
        count_failure(request, user)
        raise ValidationFailed(_WRONG, field="code")
    if isinstance(accepted, BackupSheet):
        _note_backup_use(accepted)
    return accepted


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _candidates(user: User, code: str) -> list[TotpDevice] | list[BackupSheet]:
    """The devices that could accept it, their rows locked: two requests with one code cannot both pass."""
    if code.isdecimal() and len(code) == 6:
        return list(TotpDevice.objects.filter(owner=user, confirmed=True).select_for_update())
    return list(BackupSheet.objects.filter(owner=user).select_for_update())


def _refuse_while_slowed(devices: list[TotpDevice] | list[BackupSheet]) -> None:
    """Not counted as a failure: the person whose code is being guessed by others is not locked out besides."""
    waits = [more["locked_until"] for allowed, more in (d.verify_is_allowed() for d in devices) if not allowed]
    if waits and len(waits) == len(devices):
        wait_s = max(1, int((min(waits) - now()).total_seconds()) + 1)
        raise TooManyAttempts(f"Too many wrong codes. {wait_text(wait_s)}", retry_after_s=wait_s)


def _note_backup_use(sheet: BackupSheet) -> None:
    left = BackupCode.objects.filter(sheet=sheet, used_at=None).count()
    record("mfa.backup_code_used", actor=sheet.owner, target=sheet, left=left)
    tell(
        sheet.owner,
        subject="A backup code was used",
        text=f"Somebody signed in to your account with a backup code; {left} are left. If it was not you, change your "
        "password and make new codes on the page Security.",
    )
