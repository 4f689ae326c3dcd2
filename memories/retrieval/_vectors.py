"""The vector arm as SQL, so that PostgreSQL runs the plan that was chosen and no other."""

from __future__ import annotations

from memories.retrieval._plan import Plan


def vector_arm(plan: Plan, dimension: int, where: str) -> str:
    """A SELECT of (memory_id, chunk, distance), nearest first, at most `plan.candidates` rows.

    `where` is the request's conditions on `e`, owner and model among them. Uses the named parameters `vector`
    (pgvector's text form) and `model`. `distance` is the negative inner product, so -1 is the same direction.

    Exact: adding 0 to the distance hides it from the HNSW index; the conditions' own indexes select the rows. HNSW: a
    condition behind IS TRUE cannot be looked up in an index, so that only the graph can give the order; that goes for
    the owner's condition too, which is why the partition is named.
    """
    distance = f"e.embedding::halfvec({dimension}) <#> %(vector)s::halfvec({dimension})"
    order = f"({distance}) + 0" if plan.exact else distance
    passing = where if plan.exact else f"e.embedding_model_id = %(model)s AND ({where}) IS TRUE"
    return f"""
        SELECT e.memory_id, e.chunk, {distance} AS distance
        FROM {plan.table} e
        WHERE e.embedding IS NOT NULL AND {passing}
        ORDER BY {order} LIMIT {plan.candidates:d}
    """  # noqa: S608 - numbers, a name from the catalogue, and our own conditions
