"""Points that were found become rows; found again, they keep what a person said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from enrichment.models import Point, point_key
from memories.models import Memory
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.ids import new_id

_SAID = ("words", "task", "who", "who_start", "who_end", "due_words")


@transaction.atomic
def record_points(*, owner_id: UUID, found: Mapping[UUID, Sequence[dict[str, Any]]]) -> None:
    """Make these the points of memories of one owner."""
    there = set(Memory.objects.filter(owner_id=owner_id, id__in=list(found)).values_list("id", flat=True))
    rows = Point.objects.select_for_update().filter(owner_id=owner_id, memory__in=there)
    known = {(row.memory_id, bytes(row.words_key)): row for row in rows}
    for memory_id in there:
        for plain in found[memory_id]:
            key = point_key(owner_id, plain["kind"], plain["words"])
            row = known.pop((memory_id, key), None) or Point(id=new_id(), owner_id=owner_id, words_key=key)
            _fill(row, memory_id, plain)
    Point.objects.filter(id__in=[row.id for row in known.values()]).delete()


def _fill(row: Point, memory_id: UUID, plain: Mapping[str, Any]) -> None:
    row.memory_id, row.kind = memory_id, plain["kind"]
    row.start, row.end = plain["start"], plain["end"]
    row.due_on = date.fromisoformat(plain["due_on"]) if plain["due_on"] else None
    row.said = {name: plain[name] for name in _SAID}
    if not row.is_by_hand:
        row.state = Point.State.DONE if plain["is_done"] else Point.State.OPEN
    row.save()


def mark_point(*, owner: User, point: Point, state: str) -> Point:
    """Say that it is done, open again, or none at all; it holds when the memory is read anew.

    Raises ValidationFailed.
    """
    if state not in Point.State.values:
        raise ValidationFailed(f"state is one of {', '.join(Point.State.values)}.", field="state")
    point.state, point.is_by_hand = state, True
    Point.objects.filter(owner=owner, id=point.id).update(state=state, is_by_hand=True)
    return point
