"""How the search index is doing: true, complete, tidy. Measured on samples; the latest results are kept."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from accounts.models import User
from memories import generations
from memories.balance import crowded
from memories.generations import Generation
from memories.index_shape import lengths, repeated_share, silhouette
from memories.index_sizes import partition_sizes
from memories.models import IndexReport, IndexState, Memory
from memories.retrieval import walk_recall

SAMPLE_ROWS = 2_000
WALKS = 30
_KEPT = 30

Vectors = NDArray[np.float32]

_COUNTS = """
SELECT count(*), count(*) FILTER (WHERE embedding IS NULL),
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM memories_memory m WHERE m.id = e.memory_id))
FROM memories_searchentry e WHERE embedding_model_id = %(model)s {of_owner}
"""
_SAMPLE = """
SELECT e.owner_id, e.embedding::real[] FROM memories_searchentry e
JOIN (
    SELECT owner_id, memory_id FROM memories_searchentry {sampled}
    WHERE embedding_model_id = %(model)s AND embedding IS NOT NULL AND chunk = 0 {of_owner}
    ORDER BY hashtext(memory_id::text) LIMIT %(rows)s
) picked USING (owner_id, memory_id)
WHERE e.embedding_model_id = %(model)s AND e.chunk = 0
"""


def report_index(owner: User | None = None) -> IndexReport:
    """Look at the whole index, or at one owner's part of it, and store what was found."""
    started = time.perf_counter()
    generation = generations.active()
    owners, vectors = _sample(generation, owner)
    figures: dict[str, Any] = {
        "model": generation.name,
        **_counts(generation, owner),
        "sampled": len(owners),
        **_found_in(owners, vectors, generation),
    }
    if owner is None:
        figures |= _sizes(generation)
    report = IndexReport.objects.create(owner=owner, took_ms=(time.perf_counter() - started) * 1000, figures=figures)
    old = IndexReport.objects.filter(owner=owner).order_by("-created_at").values_list("id", flat=True)[_KEPT:]
    IndexReport.objects.filter(id__in=list(old)).delete()
    return report


def latest_report(owner: User | None = None) -> IndexReport | None:
    """The newest report about the whole index, or about one owner's part of it."""
    return IndexReport.objects.filter(owner=owner).order_by("-created_at").first()


def _counts(generation: Generation, owner: User | None) -> dict[str, int]:
    sql = _COUNTS.format(of_owner="AND owner_id = %(owner)s" if owner else "")
    with connection.cursor() as cursor:
        cursor.execute(sql, {"model": generation.id, "owner": owner.id if owner else None})
        rows, without_vector, orphans = cursor.fetchone()
    memories = Memory.objects.filter(owner=owner) if owner else Memory.objects.all()
    return {
        "rows": rows,
        "without_vector": without_vector,
        "orphans": orphans,
        "memories_pending": memories.filter(index_state=IndexState.PENDING).count(),
        "memories_failed": memories.filter(index_state=IndexState.FAILED).count(),
    }


def _sample(generation: Generation, owner: User | None) -> tuple[list[UUID], Vectors]:
    """The owners and vectors (n, d) of at most SAMPLE_ROWS rows. Of a large index, a part of its pages is read."""
    rows = sum(partition.rows for partition in partition_sizes())
    percent = min(100.0, 100.0 * 5 * SAMPLE_ROWS / max(rows, 1))
    thinned = owner is None and percent < 100
    sql = _SAMPLE.format(
        sampled="TABLESAMPLE SYSTEM (%(percent)s)" if thinned else "",
        of_owner="AND owner_id = %(owner)s" if owner else "",
    )
    parameters = {"model": generation.id, "rows": SAMPLE_ROWS, "percent": percent, "owner": owner.id if owner else None}
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = cursor.fetchall()
    vectors = np.array([row[1] for row in found], np.float32).reshape(len(found), generation.dimension)
    return [row[0] for row in found], vectors


def _found_in(owners: list[UUID], vectors: Vectors, generation: Generation) -> dict[str, Any]:
    if not owners:
        return {"walks_checked": 0, "recall_at_10": 1.0, "norms": None, "repeated_share": 0.0, "silhouette": None}
    walks = walk_recall(zip(owners, vectors, strict=True), generation.id, generation.dimension, at_most=WALKS)
    return {
        "walks_checked": walks.checked,
        "recall_at_10": round(walks.recall_at_10, 4),
        "norms": lengths(vectors),
        "repeated_share": repeated_share(owners, vectors),
        "silhouette": silhouette(vectors),
    }


def _sizes(generation: Generation) -> dict[str, Any]:
    partitions = partition_sizes()
    rows, dead = sum(p.rows for p in partitions), sum(p.dead_rows for p in partitions)
    return {
        "dead_share": round(dead / max(rows + dead, 1), 4),
        "bytes_a_row": {
            part: round(sum(getattr(p, f"{part}_bytes") for p in partitions) / max(rows, 1))
            for part in ("heap", "toast", "hnsw", "gin", "btree")
        },
        "crowded": [one.figures for one in crowded()],
        "partitions": [
            asdict(p) | {"bytes": p.bytes, "dead_share": p.dead_share, "hnsw_bloat": p.hnsw_bloat(generation.dimension)}
            for p in partitions
        ],
    }
