"""Password rules beyond Django's own."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from accounts.models import PasswordRecord, User


class NotRecentlyUsedValidator:
    """Refuses the current password and the ones before it, `remember` in all."""

    def __init__(self, remember: int = 5) -> None:
        self.remember = remember

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError when one of the last passwords is given again."""
        if not isinstance(user, User) or user._state.adding:
            return
        records = PasswordRecord.objects.filter(user=user).order_by("-created_at")[: self.remember]
        if any(check_password(password, record.password) for record in records):
            raise ValidationError(self.get_help_text(), code="password_recently_used")

    def get_help_text(self) -> str:
        """The rule in words."""
        return f"Your password must differ from your last {self.remember} passwords."
