"""Cursor pagination by a time-ordered unique key: stable while rows come and go."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from memshadow.lib.errors import ValidationFailed

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page, newest first: its rows and the cursors of its neighbours (None at an end)."""

    items: list[M]
    next_cursor: str | None
    previous_cursor: str | None


def encode_cursor(at: datetime, key: UUID, *, backwards: bool = False) -> str:
    """An opaque URL-safe cursor that stands just after (or, backwards, before) one row."""
    raw = f"{'b' if backwards else 'f'}|{at.isoformat()}|{key}"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[bool, datetime, UUID]:
    """(backwards, time, id) of a cursor. Raises ValidationFailed for anything that this server did not make."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        direction, at, key = raw.split("|")
        moment = datetime.fromisoformat(at)
        if direction not in ("b", "f") or moment.tzinfo is None:
            raise ValueError(cursor)
        return direction == "b", moment, UUID(key)
    except (ValueError, binascii.Error, UnicodeError):
        raise ValidationFailed("That cursor is not valid; ask for the first page without one.") from None


def paginate(rows: QuerySet[M], *, cursor: str | None, limit: int, by: str = "created_at") -> Page[M]:
    """A page of `rows` ordered by (`by`, id), newest first. `by` names a non-null datetime column."""
    backwards, at, key = decode_cursor(cursor) if cursor else (False, None, None)
    if at is not None:
        side = "gt" if backwards else "lt"
        rows = rows.filter(Q(**{f"{by}__{side}": at}) | Q(**{by: at, f"id__{side}": key}))
    order = (by, "id") if backwards else (f"-{by}", "-id")
    found = list(rows.order_by(*order)[: limit + 1])
    more, items = len(found) > limit, found[:limit]
    if backwards:
        items.reverse()
    has_next = bool(items) and (more or backwards)
    has_previous = bool(items) and (more if backwards else at is not None)
    return Page(
        items=items,
        next_cursor=_cursor_of(items[-1], by) if has_next else None,
        previous_cursor=_cursor_of(items[0], by, backwards=True) if has_previous else None,
    )


def _cursor_of(row: Any, by: str, *, backwards: bool = False) -> str:
    return encode_cursor(getattr(row, by), row.pk, backwards=backwards)
