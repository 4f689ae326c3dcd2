"""What a memory costs on disk, by part, and what a binary graph would: `python -m benchmarks.storage --data DIR`.

DIR is a folder that `benchmarks.scale --data DIR` has filled. For the largest owner's partition a second graph is built
over one bit a dimension (a quarter of the size), searched with rescoring by the stored halves, and dropped again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import percentile
from benchmarks.index_load import Loaded, Measured, load
from benchmarks.instance import kept_folder

QUESTIONS = 60
OVERSAMPLED = (50, 100, 200, 400)
_NAME = "benchmark_binary"
_TIE = 1e-6

_BINARY = """
SELECT (embedding::halfvec(384) <#> %(v)s::halfvec(384)) AS distance FROM (
    SELECT embedding FROM {table} WHERE embedding_model_id = 1 AND embedding IS NOT NULL
    AND (owner_id = %(owner)s) IS TRUE
    ORDER BY binary_quantize(embedding::halfvec(384))::bit(384) <~> binary_quantize(%(v)s::halfvec(384))
    LIMIT {limit:d}
) near ORDER BY 1 LIMIT 10
"""


def parts() -> dict[str, Any]:
    """Bytes a row by part of the index, and by column of the heap."""
    from memories.index_sizes import partition_sizes

    sizes = partition_sizes()
    rows = _one("SELECT count(*) FROM memories_searchentry")
    columns = [
        row[0]
        for row in _all(
            "SELECT attname FROM pg_attribute WHERE attrelid = "
            "'memories_searchentry'::regclass AND attnum > 0 AND NOT attisdropped"
        )
    ]
    averages = ", ".join(f"round(avg(coalesce(pg_column_size({name}), 0)), 1)::float" for name in columns)
    (found,) = _all(f"SELECT {averages} FROM memories_searchentry TABLESAMPLE SYSTEM (1)")
    return {
        "rows": rows,
        "bytes_a_row": {
            part: round(sum(getattr(size, f"{part}_bytes") for size in sizes) / max(rows, 1))
            for part in ("heap", "toast", "hnsw", "gin", "btree")
        },
        "heap_column_bytes": {name: size for name, size in zip(columns, found, strict=True) if size and size >= 4},
    }


def binary(loaded: Loaded) -> dict[str, Any]:
    """Build, measure and drop a graph over bits for the largest owner's partition."""
    owner = loaded.measured[0]
    table = _one("SELECT tableoid::regclass::text FROM memories_searchentry WHERE owner_id = %s", [owner.user.id])
    _do("SET maintenance_work_mem = '1GB'")
    started = time.perf_counter()
    _do(
        f"CREATE INDEX {_NAME} ON {table} USING hnsw "
        "((binary_quantize(embedding::halfvec(384))::bit(384)) bit_hamming_ops) "
        "WHERE embedding_model_id = 1 AND embedding IS NOT NULL"
    )
    rows = _one(f"SELECT count(*) FROM {table}")
    figures = {
        "rows": rows,
        "build_s": round(time.perf_counter() - started),
        "bytes_a_row": round(_one(f"SELECT pg_relation_size('{_NAME}')") / rows),
        "searched": [_searched(loaded, owner, table, limit) for limit in OVERSAMPLED],
    }
    _do(f"DROP INDEX {_NAME}")
    return figures


def _searched(loaded: Loaded, owner: Measured, table: str, limit: int) -> dict[str, Any]:
    from benchmarks.scale_cells import nearest
    from memories.index_rows import vector_literal
    from memories.retrieval._conditions import conditions_on
    from memories.retrieval._plan import Plan

    conditions, times, recalls = conditions_on(owner.user.id, 1), [], []
    for vector in loaded.questions(owner, QUESTIONS):
        literal = vector_literal(vector)
        exact = nearest(conditions, literal, Plan(True, 0, 10, table))
        started = time.perf_counter()
        found = _all(_BINARY.format(table=table, limit=limit), {"v": literal, "owner": owner.user.id})
        times.append((time.perf_counter() - started) * 1000)
        recalls.append(sum(row[0] <= exact[-1] + _TIE for row in found) / len(exact))
    return {
        "rescored": limit,
        "recall_at_10": round(float(np.mean(recalls)), 4),
        "p50_ms": round(percentile(times, 50), 2),
        "p95_ms": round(percentile(times, 95), 2),
    }


def _all(sql: str, params: Any = None) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _one(sql: str, params: Any = None) -> Any:
    return _all(f"{sql} LIMIT 1", params)[0][0]


def _do(sql: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--binary", action="store_true", help="also build and measure the binary graph")
    arguments = parser.parse_args()
    with kept_folder(arguments.data) as folder:
        from memshadow.embedded_postgres import ensure_running

        with ensure_running(folder):
            loaded = load(folder, 0, 0)
            figures = parts() | ({"binary": binary(loaded)} if arguments.binary else {})
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
