"""The list of what each generation of vectors still lacks: rows are added, claimed by workers, deleted when done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

TASK = "memories.tasks.build_embeddings"
_BACKOFF = timedelta(seconds=10)
_ADD = """
INSERT INTO memories_pendingembedding (embedding_model_id, memory_id, attempts, error, due_at)
SELECT %(model)s, memory_id, 0, '', now() FROM unnest(%(ids)s::uuid[]) AS given (memory_id)
ON CONFLICT DO NOTHING
"""
_ADD_ALL = """
INSERT INTO memories_pendingembedding (embedding_model_id, memory_id, attempts, error, due_at)
SELECT %(model)s, id, 0, '', created_at FROM memories_memory
ON CONFLICT DO NOTHING
"""
_CLAIM = """
SELECT memory_id FROM memories_pendingembedding
WHERE embedding_model_id = %(model)s AND due_at <= now() AND attempts < %(most)s
ORDER BY due_at, memory_id LIMIT %(size)s FOR UPDATE SKIP LOCKED
"""
_SETTLE = """
DELETE FROM memories_pendingembedding WHERE ctid IN (
    SELECT ctid FROM memories_pendingembedding
    WHERE embedding_model_id = %(model)s AND memory_id = ANY(%(ids)s) FOR UPDATE SKIP LOCKED
)
"""
_FAIL = """
UPDATE memories_pendingembedding SET attempts = attempts + 1, error = %(error)s, due_at = %(due)s * 2 ^ attempts + now()
WHERE embedding_model_id = %(model)s AND memory_id = %(memory)s
"""
_RETRY = """
UPDATE memories_pendingembedding SET attempts = 0, error = '', due_at = now()
WHERE embedding_model_id = %(model)s AND attempts > 0
"""
_COUNT = """
SELECT count(*), count(*) FILTER (WHERE attempts >= %(most)s),
       min(error) FILTER (WHERE attempts >= %(most)s)
FROM memories_pendingembedding WHERE embedding_model_id = %(model)s
"""


@dataclass(frozen=True, slots=True)
class Lacking:
    """How many memories a generation lacks; `failed` of them are not tried again by themselves, for such a reason."""

    memories: int
    failed: int
    reason: str


def add(model_id: int, memory_ids: Sequence[UUID]) -> None:
    """Note that the generation lacks these memories. What is noted already stays as it is."""
    _execute(_ADD, model=model_id, ids=list(memory_ids))


def add_all(model_id: int) -> int:
    """Note that the generation lacks every memory that is not noted yet; returns how many were added."""
    return _execute(_ADD_ALL, model=model_id)


def claim(model_id: int, size: int) -> list[UUID]:
    """At most `size` memories that are due and that nobody else has claimed, until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"model": model_id, "size": size, "most": settings.INDEX_MAX_ATTEMPTS})
        return [memory_id for (memory_id,) in cursor.fetchall()]


def settle(model_id: int, memory_ids: Sequence[UUID]) -> None:
    """The generation has these memories now. One that another worker has claimed is left to it."""
    _execute(_SETTLE, model=model_id, ids=list(memory_ids))


def note_failure(model_id: int, memory_id: UUID, error: str) -> None:
    """Count an attempt; the next is due after 10 s, 20 s, 40 s and so on, up to INDEX_MAX_ATTEMPTS of them."""
    _execute(_FAIL, model=model_id, memory=memory_id, error=error[:200], due=_BACKOFF)


def retry_failed(model_id: int) -> int:
    """Give what failed another chance; returns how many."""
    return _execute(_RETRY, model=model_id)


def clear(model_id: int) -> None:
    """Forget everything noted of a generation."""
    _execute("DELETE FROM memories_pendingembedding WHERE embedding_model_id = %(model)s", model=model_id)


def lacking(model_id: int) -> Lacking:
    """How much the generation lacks."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"model": model_id, "most": settings.INDEX_MAX_ATTEMPTS})
        memories, failed, reason = cursor.fetchone()
    return Lacking(memories, failed, reason or "")


def _execute(sql: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)
