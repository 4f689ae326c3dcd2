"""Changing one's password."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.audit import record
from accounts.flows.creating import remember_password
from accounts.mail import tell
from accounts.models import User
from memshadow.lib.errors import ValidationFailed


def change_password(*, user: User, new: str, action: str = "password.changed") -> None:
    """Replace the password. Raises ValidationFailed when the new one breaks a rule."""
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise ValidationFailed(" ".join(error.messages), field="new") from error
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        remember_password(user)
        record(action, actor=user, target=user)
        tell(
            user,
            subject="Your password was changed",
            text="If it was not you, choose a new one at once: “Forgot your password?” on the page Sign in.",
        )
