"""The vector arm as SQL, so that PostgreSQL runs the plan that was chosen and no other."""

from __future__ import annotations

from typing import Any

from memories.retrieval._conditions import Conditions
from memories.retrieval._plan import Plan


def vector_arm(
    plan: Plan, dimension: int, conditions: Conditions, vector: str, prefix: str = "c"
) -> tuple[str, dict[str, Any]]:
    """A SELECT of (memory_id, chunk, distance), nearest first, at most `plan.candidates` rows, and its parameters.

    `vector`: the query in pgvector's text form. `prefix` begins the names of the conditions'
    parameters. `distance` is the negative inner product, so -1 is the same direction.
    """
    distance = f"e.embedding::halfvec({dimension}) <#> %(vector)s::halfvec({dimension})"
    select = _exact if plan.exact else _walk
    sql, named = select(plan, conditions, distance, prefix)
    return sql, named | {"vector": vector}


def _exact(plan: Plan, conditions: Conditions, distance: str, prefix: str) -> tuple[str, dict[str, Any]]:
    """Adding 0 to the distance hides it from the HNSW index; the conditions' own indexes select the rows."""
    where, named = conditions.named(prefix, owner_is_looked_up=not conditions.settled)
    sql = f"""
        SELECT e.memory_id, e.chunk, {distance} AS distance FROM {plan.table} e
        WHERE e.embedding IS NOT NULL AND {where}
        ORDER BY ({distance}) + 0 LIMIT {plan.candidates:d}
    """  # noqa: S608 - numbers, a name from the catalogue, and our own conditions
    return sql, named


def _walk(plan: Plan, conditions: Conditions, distance: str, prefix: str) -> tuple[str, dict[str, Any]]:
    """Conditions behind IS TRUE, the owner's too, leave no order but the graph's, which is why the partition is named.

    A relaxed walk keeps what it meets late, where a strict one would drop it, so the rows are sorted afterwards; adding
    0 keeps PostgreSQL from believing that they are in order.
    """
    where, named = conditions.named(prefix)
    sql = f"""
        SELECT memory_id, chunk, distance FROM (
            SELECT e.memory_id, e.chunk, {distance} AS distance FROM {plan.table} e
            WHERE e.embedding IS NOT NULL AND e.embedding_model_id = %(model)s AND ({where}) IS TRUE
            ORDER BY {distance} LIMIT {plan.candidates:d}
        ) walked ORDER BY distance + 0
    """  # noqa: S608 - numbers, a name from the catalogue, and our own conditions
    return sql, named | {"model": conditions.model_id}
