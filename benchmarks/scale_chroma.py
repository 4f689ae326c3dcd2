"""The same vectors and questions in Chroma (package chromadb, not a dependency), for the ratio."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import percentile
from benchmarks.index_load import Loaded, Measured
from benchmarks.scale_cells import answer, nearest

_BATCH = 5_000
_EPSILON = 1e-4


def compare(loaded: Loaded, folder: Path, queries: int) -> list[dict[str, Any]]:
    """Load Chroma from the index, then ask both for each measured owner without a filter; prints and returns rows."""
    import chromadb

    client = chromadb.PersistentClient(path=str(folder))
    collection = client.get_or_create_collection(
        "memories", metadata={"hnsw:space": "ip", "hnsw:search_ef": 200, "hnsw:construction_ef": 64, "hnsw:M": 16}
    )
    started, total = time.perf_counter(), 0
    if not collection.count():
        for ids, vectors, owners in _stored():
            collection.add(ids=ids, embeddings=vectors, metadatas=[{"owner": owner} for owner in owners])
            total += len(ids)
        print(f"Chroma: {total:,} vectors loaded in {time.perf_counter() - started:.0f} s", flush=True)
    rows = [_row(loaded, owner, collection, queries) for owner in loaded.measured if not owner.crowded]
    for row in rows:
        print(row, flush=True)
    return rows


def _stored() -> Iterator[tuple[list[str], list[Any], list[str]]]:
    from django.db import connection, transaction

    with transaction.atomic(), connection.connection.cursor("vectors") as cursor:
        cursor.execute("SELECT memory_id::text, embedding::real[], owner_id::text FROM memories_searchentry")
        while part := cursor.fetchmany(_BATCH):
            yield [row[0] for row in part], [np.array(row[1], np.float32) for row in part], [row[2] for row in part]


def _row(loaded: Loaded, owner: Measured, collection: Any, queries: int) -> dict[str, Any]:
    from memories.filters import MemoryFilter
    from memories.index_rows import vector_literal
    from memories.retrieval._conditions import conditions_for
    from memories.retrieval._plan import WHOLE_TABLE, Plan

    conditions = conditions_for(owner.user, 1, MemoryFilter())
    assert conditions is not None
    ours, theirs, recalls = [], [], []
    for vector in loaded.questions(owner, queries):
        literal = vector_literal(vector)
        started = time.perf_counter()
        answer(conditions, literal, narrowed=False)
        ours.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        found = collection.query(
            query_embeddings=[vector], n_results=10, where={"owner": str(owner.user.id)}, include=["distances"]
        )
        theirs.append((time.perf_counter() - started) * 1000)
        exact = nearest(conditions, literal, Plan(True, 0, 10, WHOLE_TABLE))
        # Chroma's inner-product distance is 1 - product; halves differ from floats in the fourth digit.
        worst = 1 + exact[-1] + _EPSILON
        recalls.append(sum(distance <= worst for distance in found["distances"][0]) / len(exact))
    return {
        "owner_rows": owner.synthetic.rows,
        "p50_ms": round(percentile(ours, 50), 2),
        "chroma_p50_ms": round(percentile(theirs, 50), 2),
        "chroma_recall_at_10": round(float(np.mean(recalls)), 4),
        "ratio_p50": round(percentile(theirs, 50) / percentile(ours, 50), 2),
    }
