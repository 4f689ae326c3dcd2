"""The texts of OAuth tokens and the one-way forms in which they, and all codes, are stored."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from accounts.tokens import OAUTH_ACCESS, OAUTH_REFRESH, new_secret

# No vowels and nothing that looks alike: nobody reads a word, or an I for a 1.
_TYPED_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_TYPED_CHARS = 8


def access_text(request: Any) -> str:
    """A new access token; django-oauth-toolkit passes the oauthlib request, which adds nothing."""
    return new_secret(OAUTH_ACCESS).text


def refresh_text(request: Any) -> str:
    """A new refresh token."""
    return new_secret(OAUTH_REFRESH).text


def checksum(text: str) -> str:
    """SHA-256 in hexadecimal, as django-oauth-toolkit finds its tokens; texts that clients send may hold anything."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def new_device_code() -> str:
    """256 random bits that only the waiting program knows."""
    return secrets.token_urlsafe(32)


def new_user_code() -> str:
    """Eight letters to type, 34 random bits."""
    return "".join(secrets.choice(_TYPED_ALPHABET) for _ in range(_TYPED_CHARS))


def as_shown(user_code: str) -> str:
    """`BCDFGHJK` as `BCDF-GHJK`."""
    return f"{user_code[:4]}-{user_code[4:]}"


def as_typed(text: str) -> str:
    """What somebody typed, in the one spelling: capitals without dashes and spaces."""
    return "".join(character for character in text.upper() if character.isalnum())[:40]
