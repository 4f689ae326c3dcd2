"""Building a generation of vectors in the background, beside the one that search reads, and clearing one away.

All of it is a sweep over rows: stopped or killed at any point, the next one goes on from there.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from memories import backlog, generations, lexeme_statistics, vector_indexes
from memories.generations import Generation, State, generation_of
from memories.indexing import embed_in, ensure_rows, index_pending, texts_of
from memories.models import EmbeddingModel, Memory
from memories.services.embedding_models import flip
from memshadow.lib.clock import now
from memshadow.lib.errors import Unavailable, ValidationFailed
from memshadow.lib.jobs import wake

logger = logging.getLogger(__name__)

_OUTAGE_PAUSE = timedelta(seconds=60)  # after which a model that did not answer is tried again
_SEARCHES_END_AFTER = timedelta(seconds=60)  # a search that began before a flip has ended by then
_FRESH_FOR_S = 2.0  # what is captured meanwhile goes first
_DROP_ROWS = 5_000
_DROP = """
DELETE FROM {partition} WHERE ctid IN (SELECT ctid FROM {partition} WHERE embedding_model_id = %s LIMIT %s)
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a generation is: memories of all, those given up, memories a second, and seconds left if it is known."""

    total: int
    done: int
    failed: int
    rate_per_s: float | None
    seconds_left: float | None

    @property
    def fraction(self) -> float:
        """What is done, 0..1."""
        return self.done / self.total if self.total else 1.0

    @property
    def words(self) -> str:
        """Counts, rate and time left for a person to read."""
        parts = [f"{self.done:,} of {self.total:,} memories"]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self.rate_per_s:
            parts.append(f"{self.rate_per_s:,.3g} a second")
        if self.seconds_left is not None:
            minutes, seconds = divmod(round(self.seconds_left), 60)
            parts.append(f"about {minutes} min left" if minutes else f"about {max(1, seconds)} s left")
        return ", ".join(parts)


def progress_of(model: EmbeddingModel) -> Progress:
    """How far a model's generation is."""
    lacking = backlog.lacking(model.id)
    listed = model.build_listed_at is not None
    total = max(model.build_total, lacking.memories) if listed else Memory.objects.count()
    done = total - lacking.memories if listed else 0
    rate = _rate(model, done)
    left = total - done - lacking.failed
    return Progress(total, done, lacking.failed, rate, left / rate if rate else None)


def _rate(model: EmbeddingModel, done: int) -> float | None:
    if model.state != State.BUILDING or model.paused or model.build_resumed_at is None:
        return None
    since = (now() - model.build_resumed_at).total_seconds()
    made = done - model.build_done_at_resume
    return made / since if made > 0 and since > 0 else None


def build_pending(for_s: float | None = None) -> int:
    """Make vectors that generations lack, flip to one that is complete, and clear away what was dropped.

    Until nothing is due, or for about so many seconds. Returns how many memories were embedded.
    """
    deadline = time.monotonic() + for_s if for_s is not None else None
    total = 0
    for row in EmbeddingModel.objects.filter(state__in=generations.WRITTEN, paused=False).order_by("id"):
        if row.build_due_at <= now() and _is_prepared(row):
            total += _drain(row, deadline)
            _finish(row)
    for row in EmbeddingModel.objects.filter(state=State.DROPPING):
        _clear_away(row)
    if deadline is not None and time.monotonic() > deadline:
        wake(backlog.TASK)
    return total


def _is_prepared(row: EmbeddingModel) -> bool:
    """Make the index and list what is to be done, unless that is done; False while another worker does it."""
    if row.state != State.BUILDING or row.build_listed_at is not None:
        return True
    with vector_indexes.preparing() as alone:
        if not alone:
            return False
        vector_indexes.ensure_index(row.id, row.dimension)
        with transaction.atomic():
            backlog.add_all(row.id)
            row.build_total, moment = backlog.lacking(row.id).memories, now()
            row.build_listed_at = row.build_resumed_at = moment
            row.build_done_at_resume = 0
            fields = ["build_total", "build_listed_at", "build_resumed_at", "build_done_at_resume"]
            row.save(update_fields=fields)
    return True


def _drain(row: EmbeddingModel, deadline: float | None) -> int:
    """Batch after batch, until the generation lacks nothing that is due; returns how many memories were embedded."""
    total = 0
    while deadline is None or time.monotonic() < deadline:
        generation = _still_wanted(row)
        if generation is None:
            break
        try:
            claimed = _build_batch(generation)
        except Unavailable as error:
            _note_outage(row, error)
            break
        if not claimed:
            break
        total += claimed
        index_pending(for_s=_FRESH_FOR_S)
    return total


def _still_wanted(row: EmbeddingModel) -> Generation | None:
    """The generation as it is now, or None once it is paused or dropped."""
    current = EmbeddingModel.objects.filter(id=row.id, state__in=generations.WRITTEN, paused=False).first()
    return generation_of(current) if current else None


def _build_batch(generation: Generation) -> int:
    """Claim a batch, embed it and commit; returns how many memories were claimed. Raises Unavailable."""
    with transaction.atomic():
        ensure_rows(_locked(_claimed(generation)), generation)
    with transaction.atomic():
        ids = _claimed(generation)
        if generation.spec.endpoints:
            _fetch(ids, generation)
        memories = _locked(ids)
        try:
            with transaction.atomic():
                _embed(memories, generation)
        except Unavailable:
            raise
        except Exception:
            logger.exception("A batch of %d memories failed in %s; one by one", len(memories), generation.name)
            _one_by_one(memories, generation)
    return len(ids)


def _fetch(ids: list[UUID], generation: Generation) -> None:
    """Have the answers in the provider's cache, so that no memory is locked while a server thinks."""
    texts = texts_of(list(Memory.objects.filter(id__in=ids)), generation)
    # Which text is refused shows when they are tried one by one.
    with suppress(ValidationFailed):
        generation.provider.embed_documents(texts)


def _claimed(generation: Generation) -> list[UUID]:
    """The next batch; those that were erased meanwhile are settled."""
    ids = backlog.claim(generation.id, settings.INDEX_BATCH_MEMORIES)
    there = set(Memory.objects.filter(id__in=ids).values_list("id", flat=True))
    backlog.settle(generation.id, [memory_id for memory_id in ids if memory_id not in there])
    return [memory_id for memory_id in ids if memory_id in there]


def _locked(ids: list[UUID]) -> list[Memory]:
    """These memories but those that somebody changes right now, whose turn comes again."""
    return list(Memory.objects.select_for_update(skip_locked=True).filter(id__in=ids).order_by("id"))


def _embed(memories: list[Memory], generation: Generation) -> None:
    embed_in(memories, generation)
    backlog.settle(generation.id, [memory.id for memory in memories])


def _one_by_one(memories: list[Memory], generation: Generation) -> None:
    for memory in memories:
        try:
            with transaction.atomic():
                _embed([memory], generation)
        except Unavailable:
            raise
        except Exception as error:
            logger.exception("Memory %s could not be embedded by %s", memory.id, generation.name)
            backlog.note_failure(generation.id, memory.id, type(error).__name__)


def _note_outage(row: EmbeddingModel, error: Unavailable) -> None:
    """The model does not answer: say so, and leave it alone for a minute. The active one serves on."""
    logger.warning("Embedding with %s stopped: %s", row.name, error.message)
    EmbeddingModel.objects.filter(id=row.id).update(error=error.message[:300], build_due_at=now() + _OUTAGE_PAUSE)


def _finish(row: EmbeddingModel) -> None:
    """Flip when nothing is lacking; when only what failed is, say so and wait for a person."""
    row.refresh_from_db()
    if row.build_due_at > now():
        return
    lacking = backlog.lacking(row.id)
    error = f"{lacking.failed} memories could not be embedded ({lacking.reason})." if lacking.failed else ""
    if row.error != error:
        EmbeddingModel.objects.filter(id=row.id).update(error=error)
    if row.state == State.BUILDING and not lacking.memories and flip(row):
        logger.info("Search uses %s now", row.name)


def _clear_away(row: EmbeddingModel) -> None:
    """Drop the index and the rows of a dropped generation, and at last the model itself."""
    if row.retired_at is not None and row.retired_at + _SEARCHES_END_AFTER > now():
        return
    with vector_indexes.preparing() as alone:
        if not alone:
            return
        vector_indexes.drop_index(row.id)
        for partition in vector_indexes.partitions():
            while _delete_some(partition, row.id):
                pass
        with generations.changing():
            # Nobody writes the index now: what came in between goes too.
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM memories_searchentry WHERE embedding_model_id = %s", [row.id])
            lexeme_statistics.forget_model(row.id)
            backlog.clear(row.id)
            EmbeddingModel.objects.filter(id=row.id).delete()


def _delete_some(partition: str, model_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DROP.format(partition=partition), [model_id, _DROP_ROWS])
        return int(cursor.rowcount)
