"""The vector arm as SQL, so that PostgreSQL runs the plan that was chosen and no other."""

from __future__ import annotations

from memories.retrieval._plan import Plan


def vector_arm(plan: Plan, dimension: int, where: str) -> str:
    """A SELECT of (memory_id, chunk, distance), nearest first, at most `plan.candidates` rows.

    `where` is the request's conditions on `e`. Uses the named parameters `vector` (pgvector's text form), `owner` and
    `model`. `distance` is the negative inner product, so -1 is the same direction.

    Exact: adding 0 to the distance hides it from the HNSW index; the conditions' own indexes select the rows. HNSW: a
    condition behind IS TRUE cannot be looked up in an index, so that only the graph can give the order.
    """
    distance = f"e.embedding::halfvec({dimension}) <#> %(vector)s::halfvec({dimension})"
    order = f"({distance}) + 0" if plan.exact else distance
    passing = where if plan.exact else f"({where}) IS TRUE"
    return f"""
        SELECT e.memory_id, e.chunk, {distance} AS distance
        FROM memories_searchentry e
        WHERE e.owner_id = %(owner)s AND e.embedding_model_id = %(model)s AND e.embedding IS NOT NULL AND {passing}
        ORDER BY {order} LIMIT {plan.candidates:d}
    """  # noqa: S608 - numbers and our own conditions
