"""Vectors as the index keeps them, read for whole collections: by whoever groups memories, never for a request.

A long memory's vector is the mean of its chunks'. They come in the order of their ids, a batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from memories import generations

BATCH: Final = 2_000
_HEADER_BYTES: Final = 4
_READ: Final = """
SELECT m.id, m.conversation_id, m.author_key, extract(epoch FROM m.occurred_at)::float8,
       (SELECT max(e.words) FROM memories_searchentry e
         WHERE e.owner_id = %(owner)s AND e.embedding_model_id = %(model)s AND e.memory_id = m.id),
       (SELECT halfvec_send(avg(e.embedding)) FROM memories_searchentry e
         WHERE e.owner_id = %(owner)s AND e.embedding_model_id = %(model)s AND e.memory_id = m.id
           AND e.embedding IS NOT NULL)
FROM (SELECT id, conversation_id, author_key, occurred_at FROM memories_memory
       WHERE owner_id = %(owner)s AND state = 'active' AND NOT is_sealed AND {wanted}
       ORDER BY id LIMIT %(limit)s) m
ORDER BY m.id
"""
_FOLLOWING: Final = _READ.format(wanted="id > %(after)s")
_NAMED: Final = _READ.format(wanted="id = ANY(%(ids)s)")
_NOWHERE: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """n memories: who wrote them (keyed), in which talk and when, of how many words, and their unit vectors (n, d)."""

    ids: list[UUID]
    conversations: list[UUID | None]
    authors: list[bytes]
    moments: NDArray[np.float64]
    words: NDArray[np.int64]
    vectors: NDArray[np.float32]


def dimension() -> int:
    """The length of the vectors that search uses now."""
    return generations.active().dimension


def stored_vectors(owner_id: UUID) -> Iterator[StoredVectors]:
    """All active memories that have a vector, sealed ones left out."""
    after: UUID | None = _NOWHERE
    while after is not None:
        rows = _rows(_FOLLOWING, owner_id, after=after)
        after = rows[-1][0] if len(rows) == BATCH else None
        yield _read(rows)


def vectors_named(owner_id: UUID, memory_ids: Sequence[UUID]) -> StoredVectors:
    """Those of these memories that are active and have a vector; at most BATCH of them."""
    return _read(_rows(_NAMED, owner_id, ids=list(memory_ids)))


def _rows(statement: str, owner_id: UUID, **named: Any) -> list[tuple[Any, ...]]:
    model = generations.active().id
    with connection.cursor() as cursor:
        cursor.execute(statement, {"owner": owner_id, "model": model, "limit": BATCH, **named})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _read(rows: Sequence[tuple[Any, ...]]) -> StoredVectors:
    kept = [row for row in rows if row[5] is not None]
    packed = b"".join(bytes(row[5])[_HEADER_BYTES:] for row in kept)
    vectors = np.frombuffer(packed, ">f2").astype(np.float32).reshape(len(kept), -1 if kept else dimension())
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return StoredVectors(
        ids=[row[0] for row in kept],
        conversations=[row[1] for row in kept],
        authors=[bytes(row[2]) for row in kept],
        moments=np.array([row[3] for row in kept], np.float64),
        words=np.array([row[4] or 0 for row in kept], np.int64),
        vectors=np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32),
    )
