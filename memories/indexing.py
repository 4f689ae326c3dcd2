"""The search index: lexemes at once, vectors in the background, all of it rebuilt from memories at any time.

`Memory.index_state` says what is pending. The lexical row of each chunk is written in the transaction that stores the
memory, so that it is found by its words at once; workers then claim pending memories and fill in the vectors.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from numpy.typing import NDArray

from accounts.keys import keyring
from memories import backlog, generations
from memories.chunking import chunk_text
from memories.generations import Generation
from memories.lexicon import detect_language, keyed_tsvector
from memories.models import IndexState, Memory, MemoryTag
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, MemshadowError
from memshadow.lib.jobs import wake

logger = logging.getLogger(__name__)

TASK = "memories.tasks.index_pending"
LABEL_TOKENS = 16  # room in the model's window for 'author: ' before each chunk
_BACKOFF = timedelta(seconds=10)

_COLUMNS = (
    "owner_id, embedding_model_id, memory_id, chunk, span_start, span_end, kind, role, source, state, persona_id, "
    "conversation_id, tag_ids, pinned, importance, occurred_at, lexemes, lexeme_count"
)
_DELETE = "DELETE FROM memories_searchentry WHERE owner_id = %s AND memory_id = ANY(%s)"
_SPANS = """
SELECT memory_id, chunk, span_start, span_end FROM memories_searchentry
WHERE owner_id = %s AND embedding_model_id = %s AND memory_id = ANY(%s) ORDER BY memory_id, chunk
"""
_SET_VECTORS = """
UPDATE memories_searchentry e SET embedding = v.embedding::halfvec
FROM unnest(%s::uuid[], %s::smallint[], %s::text[]) AS v (memory_id, chunk, embedding)
WHERE e.owner_id = %s AND e.embedding_model_id = %s AND e.memory_id = v.memory_id AND e.chunk = v.chunk
"""
_REFRESH = """
UPDATE memories_searchentry e
SET state = m.state, kind = m.kind, persona_id = m.persona_id, conversation_id = m.conversation_id,
    pinned = m.pinned, importance = m.importance, occurred_at = m.occurred_at,
    tag_ids = ARRAY(SELECT t.tag_id FROM memories_memorytag t WHERE t.memory_id = m.id)
FROM memories_memory m
WHERE e.owner_id = %(owner)s AND e.memory_id = ANY(%(ids)s) AND m.id = e.memory_id AND m.owner_id = e.owner_id
"""


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language, or 'und' when it is too short to tell."""
    return detect_language(text)


def write_lexical(memories: Sequence[Memory]) -> None:
    """Write the rows of new memories of one owner: chunk spans, filter columns and keyed lexemes, no vectors yet."""
    if not memories:
        return
    active, *others = generations.held()
    _write_rows(memories, active)
    for generation in others:
        _write_beside(memories, generation)


def _write_beside(memories: Sequence[Memory], generation: Generation) -> None:
    """The same for a generation that search does not read; what goes wrong there is made good in the background."""
    try:
        if not generation.paused:
            return _write_rows(memories, generation)
    except MemshadowError:
        logger.exception("The rows of %s must wait", generation.name)
    backlog.add(generation.id, [memory.id for memory in memories])


def _write_rows(memories: Sequence[Memory], generation: Generation) -> None:
    tags = _tags_of([memory.id for memory in memories])
    # Complete before the first is sent: a provider that fails must leave the transaction usable.
    rows = [row for memory in memories for row in _rows(memory, generation, tags[memory.id])]
    with connection.cursor() as cursor, cursor.copy(f"COPY memories_searchentry ({_COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _rows(memory: Memory, generation: Generation, tag_ids: list[UUID]) -> Iterable[tuple[object, ...]]:
    content, key = memory.content, keyring(memory.owner_id).lexeme_key
    provider = generation.provider
    for chunk in chunk_text(content, provider.token_spans, max_tokens=provider.max_tokens - LABEL_TOKENS):
        text = labelled(memory.author, content[chunk.start : chunk.end])
        lexemes, count = keyed_tsvector(text, memory.language, key)
        yield (
            memory.owner_id,
            generation.id,
            memory.id,
            chunk.number,
            chunk.start,
            chunk.end,
            memory.kind,
            memory.role,
            memory.source,
            memory.state,
            memory.persona_id,
            memory.conversation_id,
            tag_ids,
            memory.pinned,
            memory.importance,
            memory.occurred_at,
            lexemes,
            count,
        )


def labelled(author: str, text: str) -> str:
    """What is embedded and indexed: 'author: text' finds who said it (shared/bench/README.md: .29 to .50)."""
    return f"{author}: {text}" if author else text


def wake_if_pending(memories: Sequence[Memory]) -> None:
    """Wake a worker once this transaction commits."""
    if memories:
        wake(TASK)


def mark_pending(memory: Memory) -> None:
    """The memory's text changed: its vectors must be made again. The caller saves."""
    memory.index_state, memory.index_attempts, memory.index_error = IndexState.PENDING, 0, ""
    memory.index_due_at = now()


def rewrite(memory: Memory) -> None:
    """Replace the rows of a memory whose text changed."""
    remove(memory.owner_id, [memory.id])
    write_lexical([memory])
    wake(TASK)


def remove(owner_id: UUID, memory_ids: Sequence[UUID]) -> None:
    """Delete every row of these memories, in all generations."""
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [owner_id, list(memory_ids)])


def refresh_filters(owner_id: UUID, memory_ids: Sequence[UUID]) -> None:
    """Bring the filter columns up to date after a change that left the text alone."""
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, {"owner": owner_id, "ids": list(memory_ids)})


def retry_failed(owner_id: UUID) -> int:
    """Give the owner's memories whose indexing failed another chance; returns how many."""
    return queue_again(Memory.objects.filter(owner_id=owner_id, index_state=IndexState.FAILED))


def queue_again(memories: QuerySet[Memory]) -> int:
    """Have these memories indexed afresh; returns how many. They stay searchable meanwhile."""
    count = memories.update(index_state=IndexState.PENDING, index_attempts=0, index_error="", index_due_at=now())
    if count:
        wake(TASK)
    return count


def rebuild(memories: Sequence[Memory]) -> None:
    """Make every row of these memories of one owner afresh, words and vectors, in one transaction.

    Search sees the old rows until the new ones are complete.
    """
    with transaction.atomic():
        ids = [memory.id for memory in memories]
        locked = list(Memory.objects.select_for_update().filter(id__in=ids))
        if locked:
            remove(locked[0].owner_id, ids)
            _embed(locked)


def index_pending(for_s: float | None = None) -> int:
    """Index pending memories until none is due, or for about so many seconds. Returns how many were indexed."""
    started, total = time.monotonic(), 0
    while claimed := _index_batch():
        total += claimed
        if claimed == settings.INDEX_BATCH_MEMORIES:
            wake(TASK)
        if for_s is not None and time.monotonic() - started > for_s:
            wake(TASK)
            break
    return total


def _index_batch() -> int:
    """Claim a batch, embed it and commit; returns how many memories were claimed."""
    with transaction.atomic():
        due = Memory.objects.select_for_update(skip_locked=True).filter(
            index_state=IndexState.PENDING, index_due_at__lte=now()
        )
        memories = list(due.order_by("index_due_at")[: settings.INDEX_BATCH_MEMORIES])
        if not memories:
            return 0
        try:
            with transaction.atomic():
                _embed(memories)
        except Exception:
            logger.exception("A batch of %d memories failed; trying them one by one", len(memories))
            _one_by_one(memories)
    return len(memories)


def _one_by_one(memories: list[Memory]) -> None:
    for memory in memories:
        try:
            with transaction.atomic():
                _embed([memory])
        except Exception as error:
            logger.exception("Memory %s could not be indexed", memory.id)
            _note_failure(memory, error)


def _note_failure(memory: Memory, error: Exception) -> None:
    memory.index_attempts += 1
    memory.index_error = type(error).__name__
    memory.index_due_at = now() + _BACKOFF * 2**memory.index_attempts
    if memory.index_attempts >= settings.INDEX_MAX_ATTEMPTS:
        memory.index_state = IndexState.FAILED
    memory.save(update_fields=["index_attempts", "index_error", "index_due_at", "index_state"])


@dataclass(frozen=True, slots=True)
class _Chunk:
    owner_id: UUID
    memory_id: UUID
    number: int
    text: str


def _embed(memories: list[Memory]) -> None:
    active, *others = generations.live()
    embed_in(memories, active)
    for generation in others:
        _embed_beside(memories, generation)
    Memory.objects.filter(id__in=[memory.id for memory in memories]).update(
        index_state=IndexState.DONE, index_attempts=0, index_error="", indexed_at=now()
    )


def texts_of(memories: list[Memory], generation: Generation) -> list[str]:
    """What is embedded of these memories in one generation; their missing rows are written."""
    return [chunk.text for chunk in _chunks_of(memories, generation)]


def embed_in(memories: list[Memory], generation: Generation) -> None:
    """Make the vectors of these memories in one generation, and their rows where they are missing.

    Runs in the caller's transaction. Raises what the provider raises.
    """
    chunks = _chunks_of(memories, generation)
    vectors = generation.provider.embed_documents([chunk.text for chunk in chunks])
    _store_vectors(chunks, vectors, generation)


def _embed_beside(memories: list[Memory], generation: Generation) -> None:
    """The same for a generation that search does not read. Its failure keeps nobody waiting, nor does its server."""
    ids = [memory.id for memory in memories]
    try:
        if not generation.paused and not generation.spec.endpoints:
            with transaction.atomic():
                embed_in(memories, generation)
                backlog.settle(generation.id, ids)
            return
    except Exception:
        logger.exception("A batch of %d memories must wait for %s", len(memories), generation.name)
    backlog.add(generation.id, ids)
    wake(backlog.TASK)


def ensure_rows(memories: list[Memory], generation: Generation) -> dict[UUID, list[tuple[int, int, int]]]:
    """Write the rows that one generation lacks of these memories, without vectors; all their spans by memory."""
    by_owner: dict[UUID, list[Memory]] = defaultdict(list)
    for memory in memories:
        by_owner[memory.owner_id].append(memory)
    found: dict[UUID, list[tuple[int, int, int]]] = {}
    for owner_id, rows in by_owner.items():
        spans = _spans(owner_id, [memory.id for memory in rows], generation)
        if missing := [memory for memory in rows if memory.id not in spans]:
            _write_missing(missing, generation)
            spans |= _spans(owner_id, [memory.id for memory in missing], generation)
        found |= spans
    return found


def _write_missing(memories: list[Memory], generation: Generation) -> None:
    if all(kept.id != generation.id for kept in generations.held()):
        raise Conflict(f"The embedding model {generation.name} was dropped meanwhile.")
    _write_rows(memories, generation)


def _chunks_of(memories: list[Memory], generation: Generation) -> list[_Chunk]:
    spans = ensure_rows(memories, generation)
    return [
        _Chunk(memory.owner_id, memory.id, number, labelled(memory.author, memory.content[start:end]))
        for memory in memories
        for number, start, end in spans.get(memory.id, [])
    ]


def _spans(owner_id: UUID, memory_ids: list[UUID], generation: Generation) -> dict[UUID, list[tuple[int, int, int]]]:
    spans: dict[UUID, list[tuple[int, int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_SPANS, [owner_id, generation.id, memory_ids])
        for memory_id, number, start, end in cursor.fetchall():
            spans[memory_id].append((number, start, end))
    return spans


def _store_vectors(chunks: list[_Chunk], vectors: NDArray[np.float32], generation: Generation) -> None:
    by_owner: dict[UUID, list[int]] = defaultdict(list)
    for position, chunk in enumerate(chunks):
        by_owner[chunk.owner_id].append(position)
    with connection.cursor() as cursor:
        for owner_id, positions in by_owner.items():
            cursor.execute(
                _SET_VECTORS,
                [
                    [chunks[i].memory_id for i in positions],
                    [chunks[i].number for i in positions],
                    [vector_literal(vectors[i]) for i in positions],
                    owner_id,
                    generation.id,
                ],
            )


def vector_literal(vector: NDArray[np.float32]) -> str:
    """A vector in pgvector's text form, to the precision that halfvec keeps."""
    return "[" + ",".join(f"{value:.5g}" for value in vector.tolist()) + "]"


def _tags_of(memory_ids: list[UUID]) -> dict[UUID, list[UUID]]:
    tags: dict[UUID, list[UUID]] = defaultdict(list)
    pairs = MemoryTag.objects.filter(memory_id__in=memory_ids).values_list("memory_id", "tag_id")
    for memory_id, tag_id in pairs:
        tags[memory_id].append(tag_id)
    return tags
