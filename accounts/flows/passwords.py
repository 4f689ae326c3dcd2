"""Changing one's password."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.audit import record
from accounts.flows.creating import remember_password
from accounts.models import User
from memshadow.lib.errors import ValidationFailed


def change_password(*, user: User, current: str, new: str) -> None:
    """Replace the password. Raises ValidationFailed when the current one is wrong or the new one breaks a rule."""
    if not user.check_password(current):
        raise ValidationFailed("The current password is not right.", field="current")
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise ValidationFailed(" ".join(error.messages), field="new") from error
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        remember_password(user)
        record("password.changed", actor=user, target=user)
