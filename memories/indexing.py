"""The search index: lexemes at once, vectors in the background, all of it rebuilt from memories at any time.

`Memory.index_state` says what is pending. The lexical row of each chunk is written in the transaction that stores the
memory, so that it is found by its words at once; workers then claim pending memories and fill in the vectors.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from memories import backlog, generations
from memories.generations import Generation
from memories.index_rows import (
    IndexedChunk,
    chunks_in,
    embed_chunks,
    labelled,
    refresh_filters,
    remove,
    store_vectors,
    write_rows,
)
from memories.lexicon import detect_language
from memories.models import IndexState, Memory
from memories.sealed_index import write_sealed_rows
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, MemshadowError
from memshadow.lib.jobs import others_wait, wake

__all__ = ["refresh_filters", "remove"]  # rows change through this module

logger = logging.getLogger(__name__)

TASK = "memories.tasks.index_pending"
_BACKOFF = timedelta(seconds=10)
_BEFORE_IMPORTS = timedelta(days=365)


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language, or 'und' when it is too short to tell."""
    return detect_language(text)


def write_lexical(memories: Sequence[Memory]) -> None:
    """Write the rows of new memories of one owner: chunk spans, filter columns and keyed lexemes, no vectors yet."""
    if not memories:
        return
    active, *others = generations.held()
    _write(memories, active)
    for generation in others:
        _write_beside(memories, generation)


def _write(memories: Sequence[Memory], generation: Generation) -> None:
    legible, sealed = _apart(memories)
    if legible:
        write_rows(legible, generation)
    if sealed:
        write_sealed_rows(sealed, generation)


def _apart(memories: Sequence[Memory]) -> tuple[list[Memory], list[Memory]]:
    """Those with a text, and those that their owner sealed, of which there is nothing to read."""
    return [memory for memory in memories if not memory.is_sealed], [memory for memory in memories if memory.is_sealed]


def _write_beside(memories: Sequence[Memory], generation: Generation) -> None:
    """The same for a generation that search does not read; what goes wrong there is made good in the background."""
    try:
        if not generation.paused:
            return _write(memories, generation)
    except MemshadowError:
        logger.exception("The rows of %s must wait", generation.name)
    backlog.add(generation.id, [memory.id for memory in memories])


def wake_if_pending(memories: Sequence[Memory]) -> None:
    """Wake a worker once this transaction commits."""
    if memories:
        wake(TASK)


def due_at(*, first: bool) -> datetime:
    """When a memory is due from now on: with `first`, before everything that an import left waiting, an hour's work."""
    return now() - _BEFORE_IMPORTS if first else now()


def mark_pending(memory: Memory, *, first: bool = True) -> None:
    """The memory's text changed: its vectors must be made again. The caller saves."""
    memory.index_state, memory.index_attempts, memory.index_error = IndexState.PENDING, 0, ""
    memory.index_due_at = due_at(first=first)


def rewrite(memory: Memory) -> None:
    """Replace the rows of a memory whose text changed."""
    remove(memory.owner_id, [memory.id])
    write_lexical([memory])
    wake(TASK)


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
    """Index pending memories until none is due. Returns how many were indexed.

    With `for_s`, for about so many seconds, or until another kind of work waits for a worker: an import must not stand
    behind the vectors of the one before it.
    """
    started, total = time.monotonic(), 0
    while claimed := _index_batch():
        total += claimed
        if claimed == settings.INDEX_BATCH_MEMORIES:
            wake(TASK)
        if for_s is not None and (time.monotonic() - started > for_s or others_wait(TASK)):
            wake(TASK)
            break
    return total


def _index_batch() -> int:
    """Claim a batch, embed it and commit; returns how many memories were claimed."""
    with transaction.atomic():
        due = Memory.objects.select_for_update(skip_locked=True).filter(
            index_state=IndexState.PENDING, index_due_at__lte=now()
        )
        memories = _before_imports(list(due.order_by("index_due_at")[: settings.INDEX_BATCH_MEMORIES]))
        if not memories:
            return 0
        try:
            with transaction.atomic():
                _embed(memories)
        except Exception:
            logger.exception("A batch of %d memories failed; trying them one by one", len(memories))
            _one_by_one(memories)
    return len(memories)


def _before_imports(memories: list[Memory]) -> list[Memory]:
    """What a person waits for is a batch of its own, done in a moment; without any, the batch as it is."""
    imported_since = due_at(first=True)
    return [memory for memory in memories if memory.index_due_at <= imported_since] or memories


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
    return [text for _, _, text in _chunks_of(_apart(memories)[0], generation)]


def embed_in(memories: list[Memory], generation: Generation) -> None:
    """Make the vectors of these memories in one generation, and their rows where they are missing.

    Sealed ones get the vectors that their owner's client made with that model, if it made any. Runs in the caller's
    transaction. Raises what the provider raises.
    """
    legible, sealed = _apart(memories)
    if sealed:
        write_sealed_rows(sealed, generation)
    work = _chunks_of(legible, generation)
    vectors = embed_chunks([chunk for _, chunk, _ in work], [text for *_, text in work], generation.provider)
    pairs = groupby(zip(work, vectors, strict=True), key=lambda pair: pair[0][0])
    for owner_id, of_owner in pairs:
        done = list(of_owner)
        store_vectors(owner_id, [chunk for (_, chunk, _), _ in done], [vector for _, vector in done], generation)


def _chunks_of(memories: list[Memory], generation: Generation) -> list[tuple[UUID, IndexedChunk, str]]:
    """(owner, chunk, its text) of these memories, owner by owner in one order, so that no two meet crosswise."""
    ensure_rows(memories, generation)
    chunks = []
    for owner_id, rows in sorted(_grouped(memories).items()):
        by_memory = chunks_in(owner_id, [memory.id for memory in rows], generation)
        for memory in rows:
            content, author = memory.content, memory.author
            of_memory = by_memory.get(memory.id, ())
            chunks += [(owner_id, chunk, labelled(author, content[chunk.start : chunk.end])) for chunk in of_memory]
    return chunks


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


def ensure_rows(memories: list[Memory], generation: Generation) -> None:
    """Write the rows that one generation lacks of these memories, without vectors."""
    for owner_id, rows in _grouped(_apart(memories)[0]).items():
        there = chunks_in(owner_id, [memory.id for memory in rows], generation)
        if missing := [memory for memory in rows if memory.id not in there]:
            _write_missing(missing, generation)


def _write_missing(memories: list[Memory], generation: Generation) -> None:
    if all(kept.id != generation.id for kept in generations.held()):
        raise Conflict(f"The embedding model {generation.name} was dropped meanwhile.")
    write_rows(memories, generation)


def _grouped(memories: Iterable[Memory]) -> dict[UUID, list[Memory]]:
    by_owner: dict[UUID, list[Memory]] = defaultdict(list)
    for memory in memories:
        by_owner[memory.owner_id].append(memory)
    return by_owner
