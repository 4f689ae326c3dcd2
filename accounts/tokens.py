"""Opaque secrets that scanners can recognise, API keys and tokens, and one-time link tokens."""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib
from dataclasses import dataclass

KEY, ACCESS, REFRESH = "msh", "msa", "msr"
OAUTH_ACCESS, OAUTH_REFRESH = "mso", "msp"
_ALPHABET = string.ascii_letters + string.digits
_PREFIX_CHARS = 10
_SECRET_CHARS = 40
_CHECK_CHARS = 6


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A key or token at the one moment when its text is known."""

    text: str
    prefix: str
    secret_hash: bytes


def hash_secret(text: str) -> bytes:
    """SHA-256: enough for secrets of 200 random bits, and quick for every request."""
    return hashlib.sha256(text.encode()).digest()


def new_secret(mark: str, *, prefix: str = "") -> NewSecret:
    """`<mark>_<prefix>_<secret><checksum>`: 238 random bits, and a CRC-32 with which a scanner can tell a real one.

    `prefix` keeps the one of a key that gets a new secret.
    """
    prefix, secret = prefix or _random(_PREFIX_CHARS), _random(_SECRET_CHARS)
    body = f"{mark}_{prefix}_{secret}"
    text = body + _checksum(body)
    return NewSecret(text, prefix, hash_secret(text))


def prefix_of(text: str, mark: str) -> str | None:
    """The prefix of a well-formed secret of that kind with a right checksum, else None (no database look-up needed)."""
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != mark or len(parts[1]) != _PREFIX_CHARS or not text.isascii():
        return None
    body, check = text[:-_CHECK_CHARS], text[-_CHECK_CHARS:]
    return parts[1] if secrets.compare_digest(_checksum(body), check) else None


def new_link_token() -> str:
    """A 256-bit URL-safe token for a one-time link."""
    return secrets.token_urlsafe(32)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), []
    for _ in range(_CHECK_CHARS):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(digits)
