"""Sealed memories in the search index: rows with the vectors that their owner's client made, and without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from memories.generations import Generation
from memories.index_rows import tags_of, vector_literal
from memories.models import Memory, SealedVectors
from memshadow.lib.errors import Conflict, ValidationFailed

_COLUMNS = (
    "owner_id, embedding_model_id, memory_id, chunk, span_start, span_end, kind, role, source, state, persona_id, "
    "conversation_id, tag_ids, pinned, importance, occurred_at, created_at, lexemes, "
    "lexeme_count, words, chunks, embedding, sealed"
)
_NUMBER_MAX = 65_504  # of float16, which the index keeps
_SHORTEST = 1e-6
_DELETE = "DELETE FROM memories_searchentry WHERE owner_id = %s AND embedding_model_id = %s AND memory_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class GivenVectors:
    """What a client made of its text: one vector a stretch of it, by the model of that name."""

    model_name: str
    vectors: Sequence[Sequence[float]]


def checked_vectors(given: GivenVectors, kept: Sequence[Generation]) -> NDArray[np.float32]:
    """The vectors (n, dimension) as the index keeps them.

    Raises Conflict for a model that no generation in `kept` (the active one first) has, and ValidationFailed for
    another dimension, for numbers that are none, and for too many.
    """
    generation = next((one for one in kept if one.name == given.model_name), None)
    if generation is None:
        raise Conflict(
            f"Search here uses {kept[0].name} ({kept[0].dimension} numbers); vectors of {given.model_name} cannot be "
            "compared with its own. Make them with that model, or send none.",
            field="embedding_model",
        )
    if not 1 <= len(given.vectors) <= settings.SEALED_VECTORS_MAX:
        raise ValidationFailed(f"Send 1 to {settings.SEALED_VECTORS_MAX} vectors.", field="vectors")
    if any(len(vector) != generation.dimension for vector in given.vectors):
        message = f"A vector of {generation.name} has {generation.dimension} numbers."
        raise ValidationFailed(message, field="vectors")
    vectors = np.asarray(given.vectors, np.float64)
    lengths = np.linalg.norm(np.where(np.abs(vectors) <= _NUMBER_MAX, vectors, 0), axis=1, keepdims=True)
    if not ((np.abs(vectors) <= _NUMBER_MAX).all() and (lengths > _SHORTEST).all()):
        message = f"A vector's numbers lie between -{_NUMBER_MAX} and {_NUMBER_MAX}, and not all of them are 0."
        raise ValidationFailed(message, field="vectors")
    scaled = vectors / lengths if generation.spec.normalise else vectors
    return scaled.astype(np.float32)


def keep_vectors(memory: Memory, model_name: str, vectors: NDArray[np.float32]) -> None:
    """Store a sealed memory's vectors (n, dimension) by a model in place of those that it had by it."""
    packed = vectors.astype("<f2").tobytes()
    count, dimension = vectors.shape
    SealedVectors.objects.update_or_create(
        memory=memory,
        model_name=model_name,
        defaults={"owner_id": memory.owner_id, "dimension": dimension, "count": count, "packed": packed},
    )


def unpacked(kept: SealedVectors) -> NDArray[np.float32]:
    """The vectors (n, dimension) of a row."""
    return np.frombuffer(bytes(kept.packed), "<f2").astype(np.float32).reshape(kept.count, kept.dimension)


def write_sealed_rows(memories: Sequence[Memory], generation: Generation) -> None:
    """Replace the rows of sealed memories in one generation; those without vectors of its model have none."""
    kept = {
        row.memory_id: unpacked(row)
        for row in SealedVectors.objects.filter(
            memory__in=memories, model_name=generation.name, dimension=generation.dimension
        )
    }
    tags = tags_of(list(kept))
    with connection.cursor() as cursor:
        for owner_id in sorted({memory.owner_id for memory in memories}):
            theirs = [memory.id for memory in memories if memory.owner_id == owner_id]
            cursor.execute(_DELETE, [owner_id, generation.id, theirs])
        with cursor.copy(f"COPY memories_searchentry ({_COLUMNS}) FROM STDIN") as copy:
            for row in (row for memory in memories for row in _rows(memory, generation, kept, tags)):
                copy.write_row(row)


def _rows(
    memory: Memory,
    generation: Generation,
    kept: Mapping[UUID, NDArray[np.float32]],
    tags: Mapping[UUID, list[UUID]],
) -> Iterator[tuple[object, ...]]:
    vectors = kept.get(memory.id, ())
    for number, vector in enumerate(vectors):
        yield (
            memory.owner_id,
            generation.id,
            memory.id,
            number,
            0,
            0,
            memory.kind,
            memory.role,
            memory.source,
            memory.state,
            memory.persona_id,
            memory.conversation_id,
            tags[memory.id],
            memory.pinned,
            memory.importance,
            memory.occurred_at,
            memory.created_at,
            "",
            0,
            0,
            len(vectors),
            vector_literal(vector),
            True,
        )
