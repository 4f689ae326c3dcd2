"""Identifiers (RFC 9562): UUID version 7, whose order is the order of creation, and 8, made from a hash."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh time-ordered identifier."""
    return UUID(int=uuid7().int)


def first_id_at(moment: datetime) -> UUID:
    """The smallest identifier of version 7 made at that moment (milliseconds), to find what was made since."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62)


def hashed_id(digest: bytes) -> UUID:
    """The identifier that belongs to a hash of 16 bytes or more, always the same.

    The bits are set by hand: uuid.UUID takes no version above 5 before Python 3.14.
    """
    number = int.from_bytes(digest[:16])
    number = number & ~(0xF << 76) | 8 << 76  # the version
    return UUID(int=number & ~(0b11 << 62) | 0b10 << 62)  # the variant
