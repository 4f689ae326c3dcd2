"""Reads: entities and what is known of each, the corrections, and what a memory mentions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import User
from accounts.sealed import opened_texts
from enrichment.models import Entity, EntityChange, EntityName, Mention
from memories.models import Memory, State

# Names that a search opens, the newest first.
SEARCHED_NAMES = 20_000
_TOGETHER_MEMORIES = 2000


@dataclass(frozen=True, slots=True)
class Counted:
    """An entity, in how many memories it is mentioned, and when those happened."""

    entity: Entity
    memories: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Together:
    """An entity that is mentioned in the same memories, and in how many."""

    entity: Entity
    memories: int


def visible_mentions(owner: User) -> QuerySet[Mention]:
    """Mentions of things that are shown, in memories that are not in the trash."""
    rows = Mention.objects.filter(owner=owner, entity__is_hidden=False)
    return rows.exclude(memory__state=State.DELETED)


def counted_entities(
    owner: User, *, kind: str = "", words: str = "", offset: int = 0, limit: int = 50
) -> tuple[list[Counted], int]:
    """A page of entities, the most mentioned first, and how many there are in all.

    `words` must stand in one of its names, whatever the case.
    """
    rows = visible_mentions(owner)
    if kind:
        rows = rows.filter(entity__kind=kind)
    counts = rows.values("entity").annotate(
        memories=Count("memory", distinct=True), first=Min("memory__occurred_at"), last=Max("memory__occurred_at")
    )
    if words:
        counts = counts.filter(entity__in=_named(owner, words))
    ordered = counts.order_by("-memories", "entity")
    page = list(ordered[offset : offset + limit])
    entities = Entity.objects.in_bulk([row["entity"] for row in page])
    items = [Counted(entities[row["entity"]], row["memories"], row["first"], row["last"]) for row in page]
    return items, ordered.count()


def kind_counts(owner: User) -> dict[str, int]:
    """How many entities of each kind are shown."""
    rows = visible_mentions(owner).values("entity__kind").annotate(n=Count("entity", distinct=True))
    return {row["entity__kind"]: row["n"] for row in rows}


def counted(owner: User, entity: Entity) -> Counted | None:
    """One entity's figures; None when no memory that is shown mentions it."""
    rows = Mention.objects.filter(owner=owner, entity=entity).exclude(memory__state=State.DELETED)
    found = rows.aggregate(
        memories=Count("memory", distinct=True), first=Min("memory__occurred_at"), last=Max("memory__occurred_at")
    )
    return Counted(entity, found["memories"], found["first"], found["last"]) if found["memories"] else None


def memories_mentioning(owner: User, entity: Entity) -> QuerySet[Memory]:
    """The memories that mention it, newest first, the trash left out."""
    mentioning = Mention.objects.filter(owner=owner, entity=entity).values("memory")
    rows = Memory.objects.filter(owner=owner, id__in=mentioning).exclude(state=State.DELETED)
    return rows.select_related("persona", "conversation").prefetch_related("tags").order_by("-occurred_at", "-id")


def mentions_in(owner: User, memories: Iterable[UUID]) -> list[Mention]:
    """What memories mention, in the order of their texts, with its entity; hidden ones left out."""
    rows = Mention.objects.filter(owner=owner, memory__in=list(memories))
    shown = rows.filter(Q(entity=None) | Q(entity__is_hidden=False))
    return list(shown.select_related("entity", "name").order_by("memory", "start"))


def names_of(owner: User, entity: Entity) -> list[EntityName]:
    """All its names with how many mentions use each (`uses`), the most used first."""
    rows = EntityName.objects.filter(owner=owner, entity=entity).annotate(uses=Count("mentions"))
    return list(rows.order_by("-uses", "created_at", "id"))


def together_with(owner: User, entity: Entity, *, limit: int = 12) -> list[Together]:
    """What is mentioned most in the same memories, of the newest that mention it."""
    recent = memories_mentioning(owner, entity).values_list("id", flat=True)[:_TOGETHER_MEMORIES]
    rows = visible_mentions(owner).filter(memory__in=list(recent)).exclude(entity=entity)
    pairs = set(rows.values_list("entity", "memory"))
    best = Counter(other for other, _ in pairs).most_common(limit)
    entities = Entity.objects.in_bulk([key for key, _ in best])
    return [Together(entities[key], number) for key, number in best]


def changes_of(owner: User, entity: Entity) -> QuerySet[EntityChange]:
    """What a person corrected of it, newest first."""
    return EntityChange.objects.filter(owner=owner, entity=entity).order_by("-at", "-id")


def hidden_entities(owner: User) -> list[Entity]:
    """What a person said is nothing, by name."""
    rows = Entity.objects.filter(owner=owner, is_hidden=True, merged_into=None)
    return sorted(rows, key=lambda entity: entity.name.casefold())


def entity_ids_named(owner: User, name: str) -> Sequence[UUID]:
    """Entities that have exactly this name or whose name holds these words."""
    return list(_named(owner, name))


def _named(owner: User, words: str) -> set[Any]:
    wanted = " ".join(words.split()).casefold()
    rows = EntityName.objects.filter(owner=owner).order_by("-created_at")[:SEARCHED_NAMES]
    sealed = list(rows.values_list("id", "name_sealed", "entity"))
    whose = {key: entity for key, _, entity in sealed}
    opened = opened_texts(EntityName, "name", owner.id, ((key, value) for key, value, _ in sealed))
    found = {whose[key] for key, name in opened if wanted in name.casefold()}
    by_hand = Entity.objects.filter(owner=owner, is_named_by_hand=True)
    return found | {entity.id for entity in by_hand if wanted in entity.name.casefold()}
