"""Keeping the search index small and true while it serves: orphans out, dead rows out, bloated graphs built afresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from memories import generations
from memories.index_rows import remove
from memories.index_sizes import PartitionSize, partition_sizes
from memories.partition_split import clear_leftovers
from memories.vector_indexes import room_for
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
    with alone(tell):
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
def alone(tell: Tell) -> Iterator[None]:
    """One run at a time, and first what a killed one left behind. Raises Conflict while another is at work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Conflict("The index is being optimised already; wait until that run has ended.")
    try:
        for name in clear_leftovers():
            tell(f"{name} dropped, which an earlier run left unfinished")
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
    with room_for(graph_bytes):
        _execute(f"REINDEX INDEX {'CONCURRENTLY ' if concurrently else ''}{index}")


def _mib(sizes: list[PartitionSize]) -> int:
    return sum(size.bytes for size in sizes) // 2**20


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
