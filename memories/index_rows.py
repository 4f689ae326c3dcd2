"""The rows of the search index: one a chunk and embedding model, written with their words and filled with vectors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from accounts.keys import keyring
from memories.chunking import chunk_text
from memories.embedding import EmbeddingProvider
from memories.generations import Generation
from memories.keyed_terms import indexed_text, number_of_keyed
from memories.lexeme_statistics import CountedChunk, count_in, count_out
from memories.models import Memory, MemoryTag
from memories.questions import Cue, holds

LABEL_TOKENS = 16  # room in the model's window for 'author: ' before each chunk
_ASKING_CHARS = 200  # of a memory's end, where it shows whether it asks something

_COLUMNS = (
    "owner_id, embedding_model_id, memory_id, chunk, span_start, span_end, kind, role, source, state, persona_id, "
    "conversation_id, tag_ids, pinned, importance, occurred_at, created_at, lexemes, lexeme_count, term_counts, words, "
    "chunks, cues"
)
_DELETE = """
DELETE FROM memories_searchentry WHERE owner_id = %s AND memory_id = ANY(%s)
RETURNING embedding_model_id, lexeme_count, CASE WHEN embedding IS NOT NULL THEN tsvector_to_array(lexemes) END
"""
_CHUNKS = """
SELECT memory_id, chunk, span_start, span_end, words, lexeme_count,
       CASE WHEN embedding IS NULL THEN tsvector_to_array(lexemes) END
FROM memories_searchentry
WHERE owner_id = %s AND embedding_model_id = %s AND memory_id = ANY(%s) ORDER BY memory_id, chunk
"""
_SET_VECTORS = """
UPDATE memories_searchentry e SET embedding = v.embedding::halfvec, token_signs = v.token_signs
FROM unnest(%s::uuid[], %s::smallint[], %s::text[], %s::bytea[]) AS v (memory_id, chunk, embedding, token_signs)
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


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """A chunk as its row has it. `lexemes` are its keyed terms while it has no vector and so is not counted, else None.

    `words` are those of the whole memory; `length` counts the chunk's lexemes.
    """

    memory_id: UUID
    number: int
    start: int
    end: int
    words: int
    length: int
    lexemes: list[str] | None


@dataclass(frozen=True, slots=True)
class ChunkVectors:
    """A chunk's vector (dimension,), and the packed signs of its token vectors when its memory is short."""

    sentence: NDArray[np.float32]
    token_signs: bytes | None


def labelled(author: str, text: str) -> str:
    """What is embedded and indexed: 'author: text' finds who said it (shared/bench/README.md: .29 to .50)."""
    return f"{author}: {text}" if author else text


def write_rows(memories: Sequence[Memory], generation: Generation) -> None:
    """Write the rows of memories in one generation, without vectors. Raises what the provider raises."""
    tags = tags_of([memory.id for memory in memories])
    # Complete before the first is sent: a provider that fails must leave the transaction usable.
    rows = [row for memory in memories for row in _rows(memory, generation, tags[memory.id])]
    with connection.cursor() as cursor, cursor.copy(f"COPY memories_searchentry ({_COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _rows(memory: Memory, generation: Generation, tag_ids: list[UUID]) -> Iterator[tuple[object, ...]]:
    content, author, key = memory.content, memory.author, keyring(memory.owner_id).lexeme_key
    provider, words = generation.provider, len(content.split())
    chunks = chunk_text(content, provider.token_spans, max_tokens=provider.max_tokens - LABEL_TOKENS)
    ends_asking = holds(content[-_ASKING_CHARS:], memory.language) & Cue.QUESTION
    for chunk in chunks:
        text = content[chunk.start : chunk.end]
        indexed = indexed_text(labelled(author, text), memory.language, author, key)
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
            memory.created_at,
            indexed.tsvector,
            indexed.length,
            indexed.counts,
            words,
            len(chunks),
            int(holds(text, memory.language) & ~Cue.QUESTION | ends_asking),
        )


def chunks_in(owner_id: UUID, memory_ids: Sequence[UUID], generation: Generation) -> dict[UUID, list[IndexedChunk]]:
    """The chunks of one owner's memories in one generation, in order, by memory; those without rows are left out."""
    by_memory: dict[UUID, list[IndexedChunk]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_CHUNKS, [owner_id, generation.id, list(memory_ids)])
        for row in cursor.fetchall():
            by_memory[row[0]].append(IndexedChunk(*row))
    return by_memory


def embed_chunks(
    chunks: Sequence[IndexedChunk], texts: Sequence[str], provider: EmbeddingProvider
) -> list[ChunkVectors]:
    """The vectors of chunks; only short memories get token signs, and only their pass carries token vectors about."""
    short = [chunk.words <= settings.RETRIEVAL_TOKEN_VECTORS_MAX_WORDS for chunk in chunks]
    embedded = provider.embed_with_tokens([text for text, is_short in zip(texts, short, strict=True) if is_short])
    rest = provider.embed_documents([text for text, is_short in zip(texts, short, strict=True) if not is_short])
    signs = [np.packbits(tokens.vectors > 0, axis=1).tobytes() or None for tokens in embedded.tokens]
    with_signs, without = iter(zip(embedded.sentences, signs, strict=True)), iter(rest)
    return [ChunkVectors(*next(with_signs)) if is_short else ChunkVectors(next(without), None) for is_short in short]


def store_vectors(
    owner_id: UUID, chunks: Sequence[IndexedChunk], vectors: Sequence[ChunkVectors], generation: Generation
) -> None:
    """Put vectors into the rows of one owner's chunks, and count the words of those that had none."""
    values: list[Any] = [
        [chunk.memory_id for chunk in chunks],
        [chunk.number for chunk in chunks],
        [vector_literal(vector.sentence) for vector in vectors],
        [vector.token_signs for vector in vectors],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SET_VECTORS, [*values, owner_id, generation.id])
    count_in(_counted(owner_id, generation.id, chunk.lexemes, chunk.length) for chunk in chunks if chunk.lexemes)


def remove(owner_id: UUID, memory_ids: Sequence[UUID]) -> None:
    """Delete every row of these memories, in all generations."""
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [owner_id, list(memory_ids)])
        gone = cursor.fetchall()
    count_out(_counted(owner_id, model, lexemes, length) for model, length, lexemes in gone if lexemes)


def refresh_filters(owner_id: UUID, memory_ids: Sequence[UUID]) -> None:
    """Bring the filter columns up to date after a change that left the text alone."""
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, {"owner": owner_id, "ids": list(memory_ids)})


def vector_literal(vector: NDArray[np.float32]) -> str:
    """A vector in pgvector's text form, to the precision that halfvec keeps."""
    return "[" + ",".join(f"{value:.5g}" for value in vector.tolist()) + "]"


def _counted(owner_id: UUID, model_id: int, lexemes: Iterable[str], length: int) -> CountedChunk:
    return CountedChunk(owner_id, model_id, tuple(map(number_of_keyed, lexemes)), length)


def tags_of(memory_ids: list[UUID]) -> dict[UUID, list[UUID]]:
    """The ids of each memory's tags; an empty list for one that has none."""
    tags: dict[UUID, list[UUID]] = defaultdict(list)
    pairs = MemoryTag.objects.filter(memory_id__in=memory_ids).values_list("memory_id", "tag_id")
    for memory_id, tag_id in pairs:
        tags[memory_id].append(tag_id)
    return tags
