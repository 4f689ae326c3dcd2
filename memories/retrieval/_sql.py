"""The retrieval statement: every arm in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from memories.indexing import vector_literal
from memories.retrieval._conditions import Conditions

# The arms propose (memory, chunk) pairs; the join then reads both scores of every proposal, so that a chunk that
# only one arm found still gets the other arm's score. Adding 0 to the distance hides it from the HNSW index: that is
# the exact plan.
_SEARCH = """
WITH vector_arm AS MATERIALIZED (
    SELECT e.memory_id, e.chunk, row_number() OVER (ORDER BY {distance}) AS place
    FROM memories_searchentry e
    WHERE {conditions} AND e.embedding IS NOT NULL AND %(has_vector)s
    ORDER BY {distance} LIMIT %(candidates)s
), lexical_arm AS MATERIALIZED (
    SELECT e.memory_id, e.chunk,
           row_number() OVER (ORDER BY ts_rank(e.lexemes, %(any)s::tsquery, 1) DESC, e.memory_id) AS place
    FROM memories_searchentry e
    WHERE {conditions} AND e.lexemes @@ %(any)s::tsquery
    ORDER BY ts_rank(e.lexemes, %(any)s::tsquery, 1) DESC, e.memory_id LIMIT %(candidates)s
), proposals AS (
    SELECT memory_id, chunk, v.place AS vector_rank, l.place AS lexical_rank
    FROM vector_arm v FULL JOIN lexical_arm l USING (memory_id, chunk)
)
SELECT p.memory_id, p.chunk, e.span_start, e.span_end, e.occurred_at, p.vector_rank, p.lexical_rank,
       COALESCE(-({typed} <#> %(vector)s::halfvec), 0)::real,
       COALESCE(ts_rank(e.lexemes, %(any)s::tsquery, 1), 0)::real
FROM proposals p
JOIN memories_searchentry e ON e.owner_id = %(owner)s AND e.embedding_model_id = %(model)s
    AND e.memory_id = p.memory_id AND e.chunk = p.chunk
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One chunk that an arm proposed. Ranks start at 1; None where that arm did not propose it."""

    memory_id: UUID
    chunk: int
    span_start: int
    span_end: int
    occurred_at: datetime
    vector_rank: int | None
    lexical_rank: int | None
    cosine: float
    lexical: float


@dataclass(frozen=True, slots=True)
class Arms:
    """What the arms look for: a query vector (None while the model is away) and a tsquery that may be empty."""

    vector: NDArray[np.float32] | None
    dimension: int
    any_of: str
    required: tuple[str, ...]
    forbidden: tuple[str, ...]


def candidates(conditions: Conditions, arms: Arms, *, exact: bool, limit: int) -> list[Candidate]:
    """At most `limit` chunks from each arm, with both scores each."""
    where, named = _named(conditions, arms)
    typed = f"e.embedding::halfvec({arms.dimension})"
    distance = f"({typed} <#> %(vector)s::halfvec)" + (" + 0" if exact else "")
    vector = arms.vector if arms.vector is not None else np.zeros(arms.dimension, np.float32)
    sql = _SEARCH.format(conditions=where, distance=distance, typed=typed)
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            named
            | {
                "vector": vector_literal(vector),
                "has_vector": arms.vector is not None,
                "any": arms.any_of,
                "candidates": limit,
                "owner": conditions.owner_id,
                "model": conditions.model_id,
            },
        )
        return [Candidate(*row) for row in cursor.fetchall()]


def nearest_to(conditions: Conditions, memory_id: UUID, dimension: int, *, limit: int) -> list[tuple[UUID, float]]:
    """The memories whose chunks lie nearest to the first chunk of `memory_id`: (id, cosine), best first."""
    typed = f"halfvec({dimension})"
    sql = f"""
        WITH self AS (
            SELECT embedding::{typed} AS v FROM memories_searchentry
            WHERE owner_id = %s AND embedding_model_id = %s AND memory_id = %s AND embedding IS NOT NULL
            ORDER BY chunk LIMIT 1
        )
        SELECT e.memory_id, max(-(e.embedding::{typed} <#> self.v)) AS cosine
        FROM (
            SELECT e.memory_id, e.embedding FROM memories_searchentry e
            WHERE {conditions.sql} AND e.embedding IS NOT NULL
            ORDER BY e.embedding::{typed} <#> (SELECT v FROM self) LIMIT %s
        ) e, self
        WHERE e.memory_id <> %s GROUP BY e.memory_id ORDER BY cosine DESC, e.memory_id LIMIT %s
    """  # noqa: S608
    head: list[Any] = [conditions.owner_id, conditions.model_id, memory_id]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*head, *conditions.params, limit * 4, memory_id, limit])
        return [(row[0], float(row[1])) for row in cursor.fetchall()]


def _named(conditions: Conditions, arms: Arms) -> tuple[str, dict[str, Any]]:
    """The positional conditions with names, and the phrases that must or must not occur."""
    named: dict[str, Any] = {}
    where = conditions.sql
    for index, value in enumerate(conditions.params):
        named[f"c{index}"] = value
        where = where.replace("%s", f"%(c{index})s", 1)
    for index, phrase in enumerate(arms.required):
        named[f"r{index}"] = phrase
        where += f" AND e.lexemes @@ %(r{index})s::tsquery"
    for index, phrase in enumerate(arms.forbidden):
        named[f"f{index}"] = phrase
        where += f" AND NOT e.lexemes @@ %(f{index})s::tsquery"
    return where, named
