"""Keeping the search index small and true while it serves: orphans out, dead rows out, bloated graphs built afresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import psutil
from django.conf import settings
from django.db import connection

from memories import generations
from memories.index_rows import remove
from memories.index_sizes import PartitionSize, partition_sizes
from memshadow.lib.errors import Conflict

DEAD_SHARE_MAX = 0.1
BLOAT_MAX = 1.4
_LOCK = 0x6D73_6878  # 'mshx': one optimisation at a time on a database
_ORPHANS_AT_ONCE = 1_000

_ORPHANS = """
SELECT DISTINCT owner_id, memory_id FROM memories_searchentry o
WHERE NOT EXISTS (SELECT 1 FROM memories_memory m WHERE m.id = o.memory_id) LIMIT %s
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, a.amname = 'hnsw', i.indisvalid
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
WHERE i.indrelid = %s::regclass ORDER BY 1
"""

Tell = Callable[[str], object]


def optimise_index(*, everything: bool = False, concurrently: bool = True, tell: Tell = print) -> int:
    """Do what the index needs, partition by partition; returns the number of indexes built afresh.

    Every step looks first, so after a stop the next run goes on where this one was. `everything` builds all indexes;
    without `concurrently` that is faster, and writes wait. Raises Conflict while another run is at work. Must not be
    called inside a transaction.
    """
    dimension = generations.active().dimension
    with _alone():
        removed = remove_orphans()
        if removed:
            tell(f"{removed} orphans removed from the index")
        before = partition_sizes()
        rebuilt = sum(_care_for(one, dimension, everything, concurrently, tell) for one in before)
        _execute("ANALYZE memories_searchentry")
        tell(f"index and rows: {_mib(before)} MiB before, {_mib(partition_sizes())} MiB now")
    return rebuilt


def remove_orphans() -> int:
    """Delete the index rows of memories that are gone; returns how many memories."""
    total = 0
    while gone := _orphans():
        for owner_id, memory_id in gone:
            remove(owner_id, [memory_id])
        total += len(gone)
    return total


def _orphans() -> list[tuple[UUID, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(_ORPHANS, [_ORPHANS_AT_ONCE])
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    return rows


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Conflict("The index is being optimised already; wait until that run has ended.")
    try:
        yield
    finally:
        _execute(f"SELECT pg_advisory_unlock({_LOCK})")


def _care_for(size: PartitionSize, dimension: int, everything: bool, concurrently: bool, tell: Tell) -> int:
    _drop_unfinished(size.name, tell)
    bloated = size.hnsw_bloat(dimension) > BLOAT_MAX
    if everything or bloated or size.dead_share > DEAD_SHARE_MAX:
        tell(f"{size.name}: {size.rows} rows, {size.dead_rows} dead; vacuuming")
        _execute(f"VACUUM (ANALYZE) {size.name}")
    rebuilt = 0
    for name, is_graph, _ in _indexes(size.name):
        if everything or (is_graph and bloated):
            tell(f"{size.name}: building {name} afresh")
            _rebuild(name, size.hnsw_bytes if is_graph else 0, concurrently)
            rebuilt += 1
    return rebuilt


def _drop_unfinished(partition: str, tell: Tell) -> None:
    """What a killed REINDEX CONCURRENTLY leaves is invalid, costs every write, and serves nobody."""
    for name, _, valid in _indexes(partition):
        if not valid and name.rstrip("0123456789").endswith(("_ccnew", "_ccold")):
            tell(f"{partition}: dropping {name}, which an earlier run left unfinished")
            _execute(f"DROP INDEX CONCURRENTLY {name}")


def _indexes(partition: str) -> list[tuple[str, bool, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [partition])
        return list(cursor.fetchall())


def _rebuild(index: str, graph_bytes: int, concurrently: bool) -> None:
    """A graph that does not fit into maintenance_work_mem is built many times slower; ours may take what is free."""
    memory_mib = int(min(graph_bytes * 1.5, psutil.virtual_memory().available / 3) / 2**20)
    roomy = settings.EMBEDDED_DATABASE and memory_mib > 64
    if roomy:
        _execute(f"SET maintenance_work_mem = '{memory_mib}MB'")
    try:
        _execute(f"REINDEX INDEX {'CONCURRENTLY ' if concurrently else ''}{index}")
    finally:
        if roomy:
            _execute("RESET maintenance_work_mem")


def _mib(sizes: list[PartitionSize]) -> int:
    return sum(s.heap_bytes + s.toast_bytes + s.hnsw_bytes + s.gin_bytes + s.btree_bytes for s in sizes) // 2**20


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
