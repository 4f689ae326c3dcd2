"""Whose memories a roll-up tells of, and which roll-ups an owner's memories call for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from enrichment.models import Rollup
from memories.models import Memory, State

# Below so many memories a list of them says as much.
_LEAST: Final = {
    Rollup.Kind.CONVERSATION: 3,
    Rollup.Kind.DAY: 1,
    Rollup.Kind.WEEK: 3,
    Rollup.Kind.PERSONA: 3,
    Rollup.Kind.TAG: 3,
}
# One pass over an owner's memories for each kind. Adding up keyed hashes gives the same number for the same memories at
# the same revisions in any order.
_GROUPS: Final = """
SELECT {what}, count(*), sum(hashtextextended(m.id::text || ':' || m.revision_count, 7208) >> 20)::bigint
  FROM memories_memory m {join}
 WHERE m.owner_id = %s AND NOT m.is_sealed AND m.state IN ('active', 'archived') AND {what} IS NOT NULL
 GROUP BY 1
"""
_DAY: Final = "(m.occurred_at AT TIME ZONE 'UTC')::date"
_WHAT: Final = {
    Rollup.Kind.CONVERSATION: ("m.conversation_id", ""),
    Rollup.Kind.DAY: (_DAY, ""),
    Rollup.Kind.WEEK: (f"date_trunc('week', {_DAY})::date", ""),
    Rollup.Kind.PERSONA: ("m.persona_id", ""),
    Rollup.Kind.TAG: ("t.tag_id", "JOIN memories_memorytag t ON t.memory_id = m.id"),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Something that a roll-up may tell of, with how many memories it has and the fingerprint of those."""

    kind: str
    of: UUID | date
    memory_count: int
    fingerprint: int

    @property
    def key(self) -> str:
        """Its name among the owner's roll-ups."""
        return f"{self.kind}:{self.of}"

    def place(self) -> Mapping[str, Any]:
        """The columns that say of what it is."""
        return {"day": self.of} if isinstance(self.of, date) else {f"{self.kind}_id": self.of}


def wanted_scopes(owner_id: UUID) -> Iterator[Scope]:
    """Every scope of the owner that has enough memories."""
    with connection.cursor() as cursor:
        for kind, (what, join) in _WHAT.items():
            cursor.execute(_GROUPS.format(what=what, join=join), [owner_id])
            for of, count, fingerprint in cursor.fetchall():
                if count >= _LEAST[kind]:
                    yield Scope(kind, of, count, fingerprint)


def memories_of(rollup: Rollup) -> QuerySet[Memory]:
    """The memories that a roll-up tells of, in the order in which they happened."""
    rows = Memory.objects.filter(
        owner_id=rollup.owner_id, is_sealed=False, state__in=[State.ACTIVE, State.ARCHIVED]
    ).order_by("occurred_at", "id")
    if rollup.day is not None:
        start = datetime.combine(rollup.day, time(), UTC)
        days = 7 if rollup.kind == Rollup.Kind.WEEK else 1
        return rows.filter(occurred_at__gte=start, occurred_at__lt=start + timedelta(days=days))
    if rollup.kind == Rollup.Kind.TAG:
        return rows.filter(memory_tags__tag=rollup.tag_id)
    return rows.filter(**{f"{rollup.kind}_id": getattr(rollup, f"{rollup.kind}_id")})
