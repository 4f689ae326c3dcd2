"""Reading memories, always through their owner."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db.models import Count, Max, Model, Q, QuerySet, Sum

from accounts.models import User
from accounts.sealed import opened_texts
from memories.filters import MemoryFilter, filtered
from memories.models import (
    Conversation,
    ImportJob,
    IndexState,
    Memory,
    MemoryMove,
    MemoryRevision,
    SavedSearch,
    State,
    Tag,
)
from memshadow.lib.paging import Page, paginate
from personas.models import Persona

PAGE_DEFAULT = 50

# Every search reads its hits with these, written out: to have Django put them together took longer than to run them.
_BY_ID = "SELECT * FROM {table} WHERE owner_id = %s AND id = ANY(%s)"
_WITH_TAGS = """
    SELECT m.*, ARRAY(SELECT c.tag_id FROM memories_memorytag c WHERE c.owner_id = m.owner_id AND c.memory_id = m.id)
        AS tag_ids
    FROM memories_memory m WHERE m.owner_id = %s AND m.id = ANY(%s)
"""

_LAST_TURNS = """
    SELECT * FROM memories_memory WHERE owner_id = %s AND conversation_id = %s AND state = %s
    ORDER BY occurred_at DESC, id DESC LIMIT %s
"""

Row = TypeVar("Row", bound=Model)


def with_parts(rows: QuerySet[Memory]) -> QuerySet[Memory]:
    """The rows with everything that a card shows, in a constant number of queries."""
    return rows.select_related("persona", "conversation").prefetch_related("tags")


def memory_page(
    owner: User,
    wanted: MemoryFilter,
    *,
    cursor: str | None = None,
    limit: int = PAGE_DEFAULT,
    by: str = "occurred_at",
) -> Page[Memory]:
    """A page of the owner's memories, newest first by `occurred_at`, `created_at` or `updated_at`."""
    return paginate(with_parts(filtered(owner, wanted)), cursor=cursor, limit=limit, by=by)


def memories_by_id(owner: User, ids: Iterable[UUID]) -> dict[UUID, Memory]:
    """Those of the ids that are the owner's, with their parts as `with_parts` gives them."""
    found = _by_id(Memory, owner, ids, sql=_WITH_TAGS)
    personas = _by_id(Persona, owner, {m.persona_id for m in found.values() if m.persona_id})
    conversations = _by_id(Conversation, owner, {m.conversation_id for m in found.values() if m.conversation_id})
    tags = _by_id(Tag, owner, {tag_id for m in found.values() for tag_id in vars(m)["tag_ids"]})
    for memory in found.values():
        memory.persona = personas.get(memory.persona_id) if memory.persona_id else None
        memory.conversation = conversations.get(memory.conversation_id) if memory.conversation_id else None
        _remember_tags(memory, [tags[tag_id] for tag_id in vars(memory)["tag_ids"] if tag_id in tags])
    return found


def bare_memories_by_id(owner: User, ids: Iterable[UUID]) -> dict[UUID, Memory]:
    """The same without their parts, in one query."""
    return _by_id(Memory, owner, ids)


def _by_id(model: type[Row], owner: User, ids: Iterable[UUID], *, sql: str = _BY_ID) -> dict[UUID, Row]:
    wanted = list(ids)
    if not wanted:
        return {}
    rows = model._default_manager.raw(sql.format(table=model._meta.db_table), [owner.id, wanted])
    return {row.pk: row for row in rows}


def _remember_tags(memory: Memory, tags: list[Tag]) -> None:
    """As prefetching leaves them: `memory.tags.all()` asks nothing more."""
    rows = Tag.objects.all()
    rows._result_cache = tags
    vars(memory)["_prefetched_objects_cache"] = {"tags": rows}


def as_known(memories: dict[UUID, Memory], moment: datetime) -> dict[UUID, Memory]:
    """The memories as they were at a moment: with the text of then, without those that were not active."""
    changes: dict[UUID, MemoryRevision] = {}
    later = MemoryRevision.objects.filter(memory__in=list(memories), created_at__gt=moment).order_by("number")
    for revision in later:
        changes.setdefault(revision.memory_id, revision)
    return {
        memory_id: memory
        for memory_id, memory in memories.items()
        if _was_active(memory, changes.get(memory_id), moment)
    }


def _was_active(memory: Memory, change: MemoryRevision | None, moment: datetime) -> bool:
    """Turns the memory back to before its first later change; says whether it was active then."""
    if change is None:
        return memory.state == State.ACTIVE
    then = change.snapshot
    memory.content, memory.author, memory.state = then["content"], then["author"], then["state"]
    memory.ciphertext = then.get("ciphertext", "")
    return bool(memory.state == State.ACTIVE)


def conversation_page(
    owner: User, *, source: str = "", cursor: str | None = None, limit: int = PAGE_DEFAULT
) -> Page[Conversation]:
    """A page of conversations, newest first, each with `turn_count`."""
    rows = Conversation.objects.filter(owner=owner).select_related("persona")
    if source:
        rows = rows.filter(source=source)
    page = paginate(rows, cursor=cursor, limit=limit, by="started_at")
    _with_turn_counts(owner, page.items)
    return page


def conversations_titled(owner: User, words: str, *, source: str = "", limit: int) -> list[Conversation]:
    """The newest conversations whose title holds all the words. Titles are sealed, so they are read one by one."""
    rows = Conversation.objects.filter(owner=owner).select_related("persona").order_by("-started_at", "-id")
    if source:
        rows = rows.filter(source=source)
    wanted, found = words.casefold().split(), list[Conversation]()
    for row in rows.iterator(chunk_size=2000):
        title = row.title.casefold()
        if all(word in title for word in wanted):
            found.append(row)
            if len(found) == limit:
                break
    return _with_turn_counts(owner, found)


def conversation_ids_titled(owner: User, words: str, *, limit: int) -> list[UUID]:
    """The newest conversations whose title holds the words as they stand there; or the one with this id."""
    rows = Conversation.objects.filter(owner=owner)
    with contextlib.suppress(ValueError):
        return list(rows.filter(id=UUID(words)).values_list("id", flat=True))
    wanted = " ".join(words.casefold().split())
    sealed = rows.order_by("-started_at", "-id").values_list("id", "title_sealed").iterator(chunk_size=2000)
    titled = opened_texts(Conversation, "title", owner.id, sealed)
    return list(islice((key for key, title in titled if wanted in " ".join(title.casefold().split())), limit))


def conversation_sources(owner: User) -> list[str]:
    """Every source that the owner's conversations name."""
    rows = Conversation.objects.filter(owner=owner).order_by("source")
    return list(rows.values_list("source", flat=True).distinct())


def _with_turn_counts(owner: User, rows: list[Conversation]) -> list[Conversation]:
    counts = dict(
        Memory.objects.filter(owner=owner, conversation__in=rows)
        .exclude(state=State.DELETED)
        .values_list("conversation")
        .annotate(turns=Count("id"))
        .order_by()
    )
    for row in rows:
        row.turn_count = counts.get(row.id, 0)  # type: ignore[attr-defined]
    return rows


def turns_of(owner: User, conversation: Conversation) -> QuerySet[Memory]:
    """A conversation's memories in the order in which they happened, the trash left out."""
    rows = Memory.objects.filter(owner=owner, conversation=conversation).exclude(state=State.DELETED)
    return with_parts(rows).order_by("occurred_at", "id")


def last_turns_of(owner: User, conversation_id: UUID, *, limit: int) -> list[Memory]:
    """The newest active memories of a conversation, newest first, without their parts. One query."""
    return list(Memory.objects.raw(_LAST_TURNS, [owner.id, conversation_id, State.ACTIVE, limit]))


def revisions_of(memory: Memory) -> QuerySet[MemoryRevision]:
    """The history of a memory, newest first."""
    return MemoryRevision.objects.filter(memory=memory).select_related("actor").order_by("-number")


def linked_memories(owner: User, memory: Memory) -> list[tuple[str, str, Memory]]:
    """(relation, 'to' or 'from', the other memory) of every link of this one."""
    outgoing = memory.links_out.select_related("to_memory").order_by("created_at")
    incoming = memory.links_in.select_related("from_memory").order_by("created_at")
    return [
        *((link.relation, "to", link.to_memory) for link in outgoing if link.owner_id == owner.id),
        *((link.relation, "from", link.from_memory) for link in incoming if link.owner_id == owner.id),
    ]


def tags_for(owner: User) -> list[Tag]:
    """The owner's tags by name, each with `memory_count` (the trash left out)."""
    rows = Tag.objects.filter(owner=owner).annotate(
        memory_count=Count("memory_tags", filter=~Q(memory_tags__memory__state=State.DELETED))
    )
    return sorted(rows, key=lambda tag: tag.name.casefold())


def recent_tags(owner: User, *, since: datetime, limit: int) -> list[tuple[str, int]]:
    """The tags of active memories that occurred since then, each with how many carry it, the most used first."""
    recent = Q(memory_tags__memory__state=State.ACTIVE, memory_tags__memory__occurred_at__gte=since)
    rows = Tag.objects.filter(recent, owner=owner).annotate(n=Count("memory_tags")).order_by("-n", "id")
    return [(tag.name, tag.n) for tag in rows.select_related("owner")[:limit]]


def newest_tag_names(owner: User, limit: int) -> list[str]:
    """The names of the newest tags, for choosing among them."""
    rows = Tag.objects.filter(owner=owner).order_by("-created_at").values_list("id", "name_sealed")
    return [name for _, name in opened_texts(Tag, "name", owner.id, rows[:limit])]


def newest_titles(owner: User, limit: int) -> list[str]:
    """The titles of the newest conversations, without those that have none."""
    rows = Conversation.objects.filter(owner=owner).order_by("-started_at", "-id").values_list("id", "title_sealed")
    return [title for _, title in opened_texts(Conversation, "title", owner.id, rows[:limit]) if title]


def sources_for(owner: User) -> list[str]:
    """Every source that the owner's memories name, by hopping along the index from one to the next."""
    found: list[str] = []
    rows = Memory.objects.filter(owner=owner).order_by("source").values_list("source", flat=True)
    while (following := rows.filter(source__gt=found[-1]).first() if found else rows.first()) is not None:
        found.append(following)
    return found


def saved_searches_for(owner: User) -> list[SavedSearch]:
    """The owner's saved searches by name."""
    return sorted(SavedSearch.objects.filter(owner=owner), key=lambda saved: saved.name.casefold())


def imports_for(owner: User, *, cursor: str | None = None, limit: int = PAGE_DEFAULT) -> Page[ImportJob]:
    """A page of the owner's imports, newest first."""
    return paginate(ImportJob.objects.filter(owner=owner), cursor=cursor, limit=limit)


def moves_for(owner: User, space_id: UUID | None = None) -> list[MemoryMove]:
    """The owner's newest moves into and out of spaces, or one space: at most 50, which is many."""
    rows = MemoryMove.objects.filter(owner=owner).select_related("space").order_by("-created_at", "-id")
    return list((rows.filter(space_id=space_id) if space_id else rows)[:50])


def find_duplicates(owner: User, memory: Memory, near: Sequence[Memory]) -> list[Memory]:
    """Those of `near` whose words are nearly all the same (Jaccard similarity of word sets >= 0.8)."""
    words = _words(memory.content)
    return [other for other in near if other.id != memory.id and _jaccard(words, _words(other.content)) >= 0.8]


def _words(text: str) -> set[str]:
    return set(text.casefold().split())


def _jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts that the dashboard and the API show."""

    memories: int
    conversations: int
    tags: int
    size_bytes: int
    by_state: dict[str, int]
    by_kind: dict[str, int]
    by_source: dict[str, int]
    pending: int
    failed: int
    newest_at: datetime | None


def stats_for(owner: User) -> Stats:
    """The owner's numbers; `memories` counts everything but the trash."""
    rows = Memory.objects.filter(owner=owner)
    groups = list(rows.values_list("state", "kind", "source").annotate(n=Count("id")).order_by())
    kept = [group for group in groups if group[0] != State.DELETED]
    totals = rows.exclude(state=State.DELETED).aggregate(size=Sum("size_bytes"), newest=Max("created_at"))
    waiting = dict(
        rows.exclude(index_state=IndexState.DONE).values_list("index_state").annotate(n=Count("id")).order_by()
    )
    return Stats(
        memories=sum(n for *_, n in kept),
        conversations=Conversation.objects.filter(owner=owner).count(),
        tags=Tag.objects.filter(owner=owner).count(),
        size_bytes=totals["size"] or 0,
        by_state=_summed((state, n) for state, _, _, n in groups),
        by_kind=_summed((kind, n) for _, kind, _, n in kept),
        by_source=_summed((source, n) for _, _, source, n in kept),
        pending=waiting.get(IndexState.PENDING, 0),
        failed=waiting.get(IndexState.FAILED, 0),
        newest_at=totals["newest"],
    )


def _summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for name, n in pairs:
        totals[name] = totals.get(name, 0) + n
    return dict(sorted(totals.items(), key=lambda item: -item[1]))
