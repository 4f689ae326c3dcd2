"""What happens to an index while it serves: a fifth of its rows updated and deleted, and a stream of captures."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.index_load import Loaded
from benchmarks.synthetic_index import CLUSTERS_OF_AN_OWNER, SPAN_DAYS, START, Space, row

CAPTURES_PER_S = 50
_END = struct.pack(">h", -1)
_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)

# A tenth of the rows each, picked by the last byte of a random id.
_DELETE = "DELETE FROM {partition} WHERE get_byte(uuid_send(memory_id), 15) < 26"
_UPDATE = """
UPDATE {partition} SET embedding = l2_normalize(embedding::halfvec(384) + %s::halfvec(384)), importance = 0.6
WHERE get_byte(uuid_send(memory_id), 15) BETWEEN 26 AND 51
"""


def churn(loaded: Loaded) -> None:
    """Delete a tenth of the rows and move the vectors of another tenth; nothing is vacuumed by hand."""
    from django.db import connection

    from memories.index_rows import vector_literal
    from memories.vector_indexes import partitions

    with connection.cursor() as cursor:
        for partition in partitions():
            shift = 0.02 * loaded.space.random.standard_normal(384).astype(np.float32)
            cursor.execute(_DELETE.format(partition=partition))
            cursor.execute(_UPDATE.format(partition=partition), [vector_literal(shift)])


@contextmanager
def capturing(loaded: Loaded) -> Iterator[None]:
    """Write CAPTURES_PER_S rows with vectors a second, each in a transaction of its own, until the end of the block."""
    done, written = threading.Event(), [0]
    thread = threading.Thread(target=_write, args=(loaded, done, written))
    started = time.perf_counter()
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        print(f"captured {written[0] / (time.perf_counter() - started):.1f} rows a second meanwhile")


def _write(loaded: Loaded, done: threading.Event, written: list[int]) -> None:
    from datetime import timedelta

    from django.db import connection

    space = Space(seed=int(time.time()))
    share = np.array([owner.rows for owner in loaded.owners], float)
    statement = f"COPY memories_searchentry ({', '.join(loaded.columns)}) FROM STDIN (FORMAT BINARY)"
    started = time.perf_counter()
    while not done.is_set():
        owner = loaded.owners[space.random.choice(len(share), p=share / share.sum())]
        cluster = space.clusters_of(owner)[[space.random.integers(CLUSTERS_OF_AN_OWNER)]]
        vector = space.points(cluster)[0].astype(">f2").tobytes()
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(_HEAD + row(owner, loaded.columns, vector, START + timedelta(days=SPAN_DAYS), space) + _END)
        written[0] += 1
        done.wait(max(0.0, started + written[0] / CAPTURES_PER_S - time.perf_counter()))
    connection.close()
