"""Reading what is exported of the graph: entities and facts of the memories that a filter lets through, in loads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from accounts.models import User
from enrichment import facts
from enrichment.models import Entity, Mention, Relation
from memories.filters import MemoryFilter, filtered

LOAD_ROWS: Final = 500
M = TypeVar("M", bound=Model)


def entity_loads(owner: User, wanted: MemoryFilter) -> Iterator[list[Entity]]:
    """The entities that these memories mention or state something of, with all their names."""
    memories = filtered(owner, wanted)
    here = {"owner": owner, "memory__in": memories.values("id")}
    mentioned = Exists(Mention.objects.filter(entity=OuterRef("pk"), **here))
    subject = Exists(Relation.objects.filter(subject=OuterRef("pk"), unlearnt_at=None, **here))
    thing = Exists(Relation.objects.filter(object=OuterRef("pk"), unlearnt_at=None, **here))
    rows = Entity.objects.filter(Q(mentioned) | Q(subject) | Q(thing), owner=owner, is_hidden=False, merged_into=None)
    yield from _loads(rows.prefetch_related("names"))


def fact_loads(owner: User, wanted: MemoryFilter) -> Iterator[list[Relation]]:
    """What these memories state, with when it was over and what ended it; what a person disagreed with is left out."""
    rows = facts.with_reasons(facts.facts(owner), owner).filter(memory__in=filtered(owner, wanted).values("id"))
    yield from _loads(facts.with_memory(rows))


def _loads(rows: QuerySet[M]) -> Iterator[list[M]]:
    """A load at a time, by their ids: no transaction stays open while a download waits."""
    after: UUID | None = None
    while load := list(_after(rows, after).order_by("id")[:LOAD_ROWS]):
        after = load[-1].pk
        yield load


def _after(rows: QuerySet[M], key: UUID | None) -> QuerySet[M]:
    return rows.filter(id__gt=key) if key is not None else rows


def fact_values(row: Relation) -> dict[str, Any]:
    """A fact's own parts, by the names that all formats use; empty ones are None."""
    return {
        "predicate": str(row.said["predicate"]),
        "is_negated": row.is_negated,
        "modality": row.modality or None,
        "valid_from": row.valid_from,
        "valid_to": row.ends_at,
        "ended_by": row.ended_by,
        "learnt_at": row.learnt_at,
        "confidence": row.confidence,
        "sentence": str(row.said["sentence"]),
        "memory_id": row.memory_id,
    }
