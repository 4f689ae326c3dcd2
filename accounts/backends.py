"""Signing in with an e-mail address in any spelling."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models.user import User, normalise_email


class EmailBackend(ModelBackend):
    """Django's own backend (equal work for unknown users) after normalising the address."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The active user with this address and password, or None."""
        email = username if username is not None else kwargs.get("email")
        return super().authenticate(request, username=normalise_email(email or ""), password=password)
