"""One HNSW index for each generation, partial and typed, made and dropped while everything serves.

A partitioned table cannot be indexed concurrently: each partition's index is built by itself, then attached. It is
built before the generation has rows, which takes moments, and grows with them: an insertion costs a tenth of what
embedding the text does, and search has its index at the moment of the switch.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from django.conf import settings
from django.db import OperationalError, connection, transaction

from memshadow.lib.errors import Unavailable

MAX_DIMENSION = 4_000  # of an HNSW index over halfvec
EF_CONSTRUCTION = (
    128  # with pgvector's 64, one walk in 150 through 300,000 vectors finds nothing near (benchmarks.scale)
)
_PREPARING_LOCK = 0x6D656D04
_LOCK_WAIT_MS = 1_000
_TRIES = 20
_PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'memories_searchentry'::regclass ORDER BY c.relname
"""
_STATE = """
SELECT i.indisvalid, EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)
FROM pg_index i WHERE i.indexrelid = to_regclass(%s)
"""


def index_name(model_id: int) -> str:
    """The name of a generation's index on the partitioned table."""
    return f"searchentry_vector_{model_id}"


def ensure_index(model_id: int, dimension: int) -> None:
    """Make what is missing of the generation's index. May be stopped at any point and called again, by one at a time.

    Must not run inside a transaction; the partitions stay readable and writable throughout. Raises Unavailable when
    the table is too busy to be locked for a moment.
    """
    if has_index(model_id):
        return
    parent, definition = index_name(model_id), _definition(model_id, dimension)
    briefly_locked(f"CREATE INDEX IF NOT EXISTS {parent} ON ONLY memories_searchentry {definition}")
    for partition in partitions():
        child = f"{partition}_vector_{model_id}"
        valid, attached = _state(child) or (False, False)
        if not valid:
            # What a killed build left behind is invalid.
            _execute(f"DROP INDEX CONCURRENTLY IF EXISTS {child}")
            _execute(f"CREATE INDEX CONCURRENTLY {child} ON {partition} {definition}")
        if not attached:
            briefly_locked(f"ALTER INDEX {parent} ATTACH PARTITION {child}")


def has_index(model_id: int) -> bool:
    """Whether the generation's index is complete."""
    return (_state(index_name(model_id)) or (False, False))[0]


def drop_index(model_id: int) -> None:
    """Drop the generation's index. Raises Unavailable when the table is too busy to be locked for a moment."""
    briefly_locked(f"DROP INDEX IF EXISTS {index_name(model_id)}")
    for partition in partitions():
        # Those that were never attached.
        briefly_locked(f"DROP INDEX IF EXISTS {partition}_vector_{model_id}")


def partitions() -> list[str]:
    """The names of the search index's partitions."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        return [name for (name,) in cursor.fetchall()]


@contextmanager
def preparing() -> Iterator[bool]:
    """Whether this is the one worker that changes partitions' indexes; ends with the connection at the latest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_PREPARING_LOCK])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_PREPARING_LOCK])


@contextmanager
def room_for(graph_bytes: int) -> Iterator[None]:
    """A graph that does not fit into maintenance_work_mem is built many times slower; ours may take what is free."""
    memory_mib = int(min(graph_bytes * 1.5, psutil.virtual_memory().available / 3) / 2**20)
    roomy = settings.EMBEDDED_DATABASE and memory_mib > 64
    if roomy:
        _execute(f"SET maintenance_work_mem = '{memory_mib}MB'")
    try:
        yield
    finally:
        if roomy:
            _execute("RESET maintenance_work_mem")


def briefly_locked(sql: str, *, wait_ms: int = _LOCK_WAIT_MS) -> None:
    """Run what needs a whole table for a moment, in slices, so that nobody queues behind it for longer than one.

    Raises Unavailable when the table is too busy for that.
    """
    for attempt in range(_TRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {wait_ms}")
                cursor.execute(sql)
        except OperationalError:
            time.sleep(0.05 * (attempt + 1))
        else:
            return
    raise Unavailable("The search index is in use without a pause; try again in a minute.")


def _definition(model_id: int, dimension: int) -> str:
    return (
        f"USING hnsw ((embedding::halfvec({dimension})) halfvec_ip_ops) WITH (ef_construction = {EF_CONSTRUCTION}) "
        f"WHERE embedding_model_id = {model_id} AND embedding IS NOT NULL"
    )


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _state(index: str) -> tuple[bool, bool] | None:
    """Whether an index is valid, and attached to the partitioned one; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [index])
        row = cursor.fetchone()
    return (bool(row[0]), bool(row[1])) if row else None
