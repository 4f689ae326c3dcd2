"""Identifiers: UUID version 7 (RFC 9562), whose order is the order of creation."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh time-ordered identifier."""
    return UUID(int=uuid7().int)
