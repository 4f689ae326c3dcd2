"""Reading what is exported: in small loads, however much there is and however long each is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from accounts.models import User
from memories.filters import MemoryFilter, filtered
from memories.models import (
    Conversation,
    Memory,
    MemoryLink,
    MemoryRevision,
    MemoryTag,
    SavedSearch,
    SealedVectors,
    State,
    Tag,
)
from memories.selectors import with_parts
from personas.models import Persona

M = TypeVar("M", bound=Model)

PAGE_ROWS = 1000
LOAD_ROWS = 500
LOAD_BYTES = 2 * 1024**2
EVERYTHING = MemoryFilter(states=tuple(State.values))


def is_everything(wanted: MemoryFilter) -> bool:
    """True when the filter leaves no memory out."""
    return set(wanted.states) == set(State.values) and MemoryFilter(states=wanted.states) == wanted


def key_pages(rows: QuerySet[M], size: Any) -> Iterator[list[tuple[datetime, UUID, int]]]:
    """(created_at, id, size) of the rows, oldest first, a page at a time.

    A keyset instead of a server-side cursor: a download may take an hour and must hold no transaction open.
    """
    after: tuple[datetime, UUID] | None = None
    while True:
        page = rows
        if after is not None:
            at, key = after
            # The first condition bounds the index scan; the second cuts off the rows that were given before.
            page = page.filter(created_at__gte=at).filter(Q(created_at__gt=at) | Q(id__gt=key))
        found = list(page.order_by("created_at", "id").values_list("created_at", "id", size)[:PAGE_ROWS])
        if found:
            yield found
        if len(found) < PAGE_ROWS:
            return
        after = found[-1][0], found[-1][1]


def loads(sized: Iterable[tuple[UUID, int]]) -> Iterator[list[UUID]]:
    """The ids in runs that are at most LOAD_ROWS long and together about LOAD_BYTES large."""
    load: list[UUID] = []
    weight = 0
    for key, size in sized:
        if load and (len(load) == LOAD_ROWS or weight + size > LOAD_BYTES):
            yield load
            load, weight = [], 0
        load.append(key)
        weight += size
    if load:
        yield load


def in_order(rows: QuerySet[M], ids: Sequence[UUID]) -> list[M]:
    """Those of the ids that still exist, in the order of the ids."""
    found = {row.pk: row for row in rows.filter(pk__in=ids)}
    return [found[key] for key in ids if key in found]


def _released(load: list[Memory]) -> Iterator[list[Memory]]:
    """The load; once the next is asked for, its texts are let go.

    Prefetched rows refer to themselves in circles, and the collector, which counts objects and not bytes, would leave
    a hundred megabytes of them standing.
    """
    yield load
    for memory in load:
        memory.__dict__.pop("_unsealed", None)
        memory.content_sealed = memory.ciphertext_sealed = b""


def memory_loads(owner: User, wanted: MemoryFilter) -> Iterator[list[Memory]]:
    """The memories that pass the filter with tags, persona and conversation, oldest first."""
    parts = with_parts(Memory.objects.filter(owner=owner))
    for page in key_pages(filtered(owner, wanted), F("size_bytes")):
        for ids in loads([(key, size) for _, key, size in page]):
            yield from _released(in_order(parts, ids))


def sealed_vectors_of(memories: Sequence[Memory]) -> dict[UUID, list[SealedVectors]]:
    """The vectors of those of the memories that are sealed; an empty list for all others."""
    found: dict[UUID, list[SealedVectors]] = defaultdict(list)
    sealed = [memory.id for memory in memories if memory.is_sealed]
    for row in SealedVectors.objects.filter(memory__in=sealed).order_by("model_name") if sealed else ():
        found[row.memory_id].append(row)
    return found


def single_loads(owner: User, wanted: MemoryFilter) -> Iterator[list[Memory]]:
    """As `memory_loads`, without what belongs to a conversation."""
    parts = with_parts(Memory.objects.filter(owner=owner))
    for page in key_pages(filtered(owner, wanted).filter(conversation=None), F("size_bytes")):
        for ids in loads([(key, size) for _, key, size in page]):
            yield from _released(in_order(parts, ids))


def turn_loads(owner: User, wanted: MemoryFilter, conversations: Sequence[UUID]) -> Iterator[list[Memory]]:
    """The filtered memories of these conversations: one conversation after the other, each in time order."""
    parts = with_parts(Memory.objects.filter(owner=owner))
    rows = filtered(owner, wanted).filter(conversation__in=conversations)
    sized = rows.order_by("conversation_id", "occurred_at", "id").values_list("id", "size_bytes")
    for ids in loads(sized.iterator(5000)):
        yield from _released(in_order(parts, ids))


def revision_loads(owner: User, wanted: MemoryFilter) -> Iterator[list[MemoryRevision]]:
    """The revisions of the memories that pass the filter, memory by memory, oldest first."""
    rows = MemoryRevision.objects.filter(owner=owner)
    for page in key_pages(filtered(owner, wanted).filter(revision_count__gt=0), F("size_bytes")):
        place = {key: position for position, (_, key, _) in enumerate(page)}
        sized = rows.filter(memory__in=list(place)).values_list("memory_id", "number", "id", Length("snapshot_sealed"))
        ordered = sorted(sized, key=lambda row: (place[row[0]], row[1]))
        for ids in loads([(key, size) for _, _, key, size in ordered]):
            yield in_order(rows, ids)


def link_loads(owner: User, wanted: MemoryFilter) -> Iterator[list[MemoryLink]]:
    """The links between memories that pass the filter, oldest first."""
    for page in key_pages(links_for(owner, wanted), F("id")):
        yield in_order(MemoryLink.objects.filter(owner=owner), [key for _, key, _ in page])


def conversation_loads(owner: User, wanted: MemoryFilter) -> Iterator[list[Conversation]]:
    """The conversations that the filtered memories belong to (all of them when nothing is left out)."""
    rows = Conversation.objects.filter(owner=owner).select_related("persona")
    for page in key_pages(conversations_for(owner, wanted), F("id")):
        yield in_order(rows, [key for _, key, _ in page])


def links_for(owner: User, wanted: MemoryFilter) -> QuerySet[MemoryLink]:
    """The links of which both ends are exported."""
    rows = MemoryLink.objects.filter(owner=owner)
    if is_everything(wanted):
        return rows
    ends = filtered(owner, wanted)
    return rows.filter(
        Exists(ends.filter(id=OuterRef("from_memory_id"))), Exists(ends.filter(id=OuterRef("to_memory_id")))
    )


def conversations_for(owner: User, wanted: MemoryFilter) -> QuerySet[Conversation]:
    """The conversations that are exported."""
    rows = Conversation.objects.filter(owner=owner)
    if is_everything(wanted):
        return rows
    return rows.filter(Exists(filtered(owner, wanted).filter(conversation=OuterRef("pk"))))


def personas_for_export(owner: User, wanted: MemoryFilter) -> QuerySet[Persona]:
    """The personas that are exported."""
    rows = Persona.objects.filter(owner=owner).order_by("created_at", "id")
    if is_everything(wanted):
        return rows
    used = Exists(filtered(owner, wanted).filter(persona=OuterRef("pk")))
    return rows.filter(used | Exists(conversations_for(owner, wanted).filter(persona=OuterRef("pk"))))


def saved_searches_for_export(owner: User, wanted: MemoryFilter) -> QuerySet[SavedSearch]:
    """The saved searches, which belong to no memory and so to the complete export only."""
    rows = SavedSearch.objects.filter(owner=owner).order_by("created_at", "id")
    return rows if is_everything(wanted) else rows.none()


def tags_for_export(owner: User, wanted: MemoryFilter) -> QuerySet[Tag]:
    """The tags that are exported."""
    rows = Tag.objects.filter(owner=owner).order_by("created_at", "id")
    if is_everything(wanted):
        return rows
    carriers = filtered(owner, wanted).filter(id=OuterRef("memory_id"))
    return rows.filter(Exists(MemoryTag.objects.filter(Exists(carriers), tag=OuterRef("pk"))))
