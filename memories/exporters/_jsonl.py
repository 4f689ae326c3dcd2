"""The complete export: one JSON object a line, from which an empty instance becomes the same again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from accounts.models import User
from memories.exporters import _records as records
from memories.exporters import _rows as rows
from memories.exporters._records import Record
from memories.filters import MemoryFilter, filtered
from memories.models import MemoryRevision
from memshadow.lib.clock import now

_CHUNK_BYTES = 64 * 1024


def jsonl_chunks(owner: User, wanted: MemoryFilter) -> Iterator[bytes]:
    """The file in pieces of about 64 KiB."""
    buffer = bytearray()
    for record in _all(owner, wanted):
        buffer += json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if len(buffer) >= _CHUNK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


def _all(owner: User, wanted: MemoryFilter) -> Iterator[Record]:
    started = now()
    yield records.header(started, _counts(owner, wanted))
    yield from map(records.persona_record, rows.personas_for_export(owner, wanted))
    yield from map(records.tag_record, rows.tags_for_export(owner, wanted).iterator(2000))
    for conversations in rows.conversation_loads(owner, wanted):
        yield from map(records.conversation_record, conversations)
    yield from _memories(owner, wanted, started)
    names = {persona.id: persona.name for persona in rows.personas_for_export(owner, rows.EVERYTHING)}
    for revisions in rows.revision_loads(owner, wanted):
        yield from (records.revision_record(revision, names) for revision in revisions)
    for links in rows.link_loads(owner, wanted):
        yield from map(records.link_record, links)
    yield from map(records.saved_search_record, rows.saved_searches_for_export(owner, wanted))


def _memories(owner: User, wanted: MemoryFilter, started: datetime) -> Iterator[Record]:
    for memories in rows.memory_loads(owner, wanted):
        vectors = rows.sealed_vectors_of(memories)
        for memory in memories:
            # One that began while we were writing is not among the conversations above.
            if memory.conversation and memory.conversation.created_at >= started:
                yield records.conversation_record(memory.conversation)
            yield records.memory_record(memory, vectors[memory.id])


def _counts(owner: User, wanted: MemoryFilter) -> dict[str, int]:
    memories = filtered(owner, wanted)
    revisions = MemoryRevision.objects.filter(owner=owner)
    if not rows.is_everything(wanted):
        revisions = revisions.filter(memory__in=memories)
    counted: dict[str, Iterable[object]] = {
        "personas": rows.personas_for_export(owner, wanted),
        "tags": rows.tags_for_export(owner, wanted),
        "conversations": rows.conversations_for(owner, wanted),
        "memories": memories,
        "revisions": revisions,
        "links": rows.links_for(owner, wanted),
        "saved_searches": rows.saved_searches_for_export(owner, wanted),
    }
    return {name: found.count() for name, found in counted.items()}  # type: ignore[attr-defined]
