"""Signing in and out goes into the audit trail, by whatever way somebody came: Django's own announcements are heard."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from accounts.audit import Result, record
from accounts.intrusion.places import note_sign_in
from accounts.models import User
from accounts.models.user import normalise_email
from memshadow.lib import jobs


def listen() -> None:
    """Hear every sign-in, failed sign-in and sign-out of this process."""
    user_logged_in.connect(signed_in, dispatch_uid="audit-signed-in")
    user_login_failed.connect(sign_in_failed, dispatch_uid="audit-sign-in-failed")
    user_logged_out.connect(signed_out, dispatch_uid="audit-signed-out")


def signed_in(user: User, **_: Any) -> None:
    """Somebody entered."""
    record("account.signed_in", actor=user, target=user)
    note_sign_in(user)


def signed_out(user: User | None, **_: Any) -> None:
    """Somebody left; without a session there is nobody to tell of."""
    if user is not None:
        record("account.signed_out", actor=user, target=user)


def sign_in_failed(credentials: dict[str, Any], second_factor: bool = False, **_: Any) -> None:
    """Somebody did not get in. The account that was tried is the object; nobody is the actor.

    What was typed is kept as a keyed fingerprint only: people type passwords into the wrong field.
    """
    tried = normalise_email(str(credentials.get("username") or credentials.get("email") or ""))
    account = User.objects.people().filter(email=tried).only("id").first()
    failed = "account.second_factor_failed" if second_factor else "account.sign_in_failed"
    record(failed, actor=None, target=account, email=tried, result=Result.FAILED)
    jobs.wake("accounts.tasks.look_for_guessing")
