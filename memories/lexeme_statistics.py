"""In how many chunks each of an owner's words stands: what BM25 weighs words by, kept with every change of the index.

A chunk counts from the moment when it has its vector until it is removed, so its vector says whether it was counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

_Key = tuple[UUID, int]

# Two transactions that count words of one owner wait for each other here, and so never lock the rows crosswise.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7207))"
_ADD_SIZE = """
INSERT INTO memories_indexsize AS s (owner_id, embedding_model_id, chunks, lexemes) VALUES (%s, %s, %s, %s)
ON CONFLICT (owner_id, embedding_model_id)
DO UPDATE SET chunks = s.chunks + excluded.chunks, lexemes = s.lexemes + excluded.lexemes
"""
_ADD_TERMS = """
INSERT INTO memories_lexeme AS l (owner_id, embedding_model_id, term, chunks)
SELECT %s, %s, t.term, t.chunks FROM unnest(%s::bigint[], %s::int[]) AS t (term, chunks)
ON CONFLICT (owner_id, embedding_model_id, term) DO UPDATE SET chunks = l.chunks + excluded.chunks
"""
_DROP_UNUSED = """
DELETE FROM memories_lexeme
WHERE owner_id = %s AND embedding_model_id = %s AND term = ANY(%s::bigint[]) AND chunks <= 0
"""
_READ = """
SELECT 'size', chunks, lexemes FROM memories_indexsize
WHERE owner_id = %(owner)s AND embedding_model_id = %(model)s
UNION ALL
SELECT 'term', term, chunks FROM memories_lexeme
WHERE owner_id = %(owner)s AND embedding_model_id = %(model)s AND term = ANY(%(terms)s::bigint[]) AND chunks > 0
UNION ALL
SELECT 'taught', EXISTS (SELECT FROM memories_learntrule WHERE owner_id = %(owner)s AND state = 'active')::int,
       EXISTS (SELECT FROM memories_feedback WHERE owner_id = %(owner)s)::int
"""


@dataclass(frozen=True, slots=True)
class CountedChunk:
    """A chunk whose words come into, or go out of, the statistics."""

    owner_id: UUID
    model_id: int
    terms: Sequence[int]
    length: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """An owner's index in numbers: chunks, mean lexemes a chunk, and in how many chunks each term asked for stands.

    `rules` and `feedback` say whether the owner has any, so that a search need not look for them.
    """

    chunks: int
    mean_length: float
    frequency: dict[int, int]
    rules: bool
    feedback: bool


def count_in(chunks: Iterable[CountedChunk]) -> None:
    """Count chunks that were indexed. Call within their transaction, late: the owner's counting waits for its end."""
    _change(chunks, 1)


def count_out(chunks: Iterable[CountedChunk]) -> None:
    """Take chunks that are being removed out again."""
    _change(chunks, -1)


def forget_model(model_id: int) -> None:
    """Drop the statistics of a generation that is dropped."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM memories_lexeme WHERE embedding_model_id = %s", [model_id])
        cursor.execute("DELETE FROM memories_indexsize WHERE embedding_model_id = %s", [model_id])


def statistics_for(owner_id: UUID, model_id: int, terms: Sequence[int]) -> Statistics:
    """The numbers for these terms; terms that stand nowhere are left out of `frequency`."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"owner": owner_id, "model": model_id, "terms": list(terms)})
        rows = cursor.fetchall()
    chunks, lexemes = next(((a, b) for kind, a, b in rows if kind == "size"), (0, 0))
    rules, feedback = next((a, b) for kind, a, b in rows if kind == "taught")
    return Statistics(
        chunks=int(chunks),
        mean_length=lexemes / chunks if chunks > 0 else 1.0,
        frequency={term: count for kind, term, count in rows if kind == "term"},
        rules=bool(rules),
        feedback=bool(feedback),
    )


def _change(chunks: Iterable[CountedChunk], sign: int) -> None:
    terms: dict[_Key, Counter[int]] = defaultdict(Counter)
    sizes: dict[_Key, tuple[int, int]] = {}
    for chunk in chunks:
        key = (chunk.owner_id, chunk.model_id)
        terms[key].update(chunk.terms)
        count, length = sizes.get(key, (0, 0))
        sizes[key] = (count + 1, length + chunk.length)
    with connection.cursor() as cursor:
        for key in sorted(sizes):
            count, length = sizes[key]
            cursor.execute(_LOCK, [str(key[0])])
            cursor.execute(_ADD_SIZE, [*key, sign * count, sign * length])
            counted = sorted(terms[key].items())
            numbers = [term for term, _ in counted]
            cursor.execute(_ADD_TERMS, [*key, numbers, [sign * n for _, n in counted]])
            if sign < 0:
                cursor.execute(_DROP_UNUSED, [*key, numbers])
