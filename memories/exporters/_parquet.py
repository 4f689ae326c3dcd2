"""Parquet for data tools: typed columns, one row group after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from accounts.models import User
from memories.exporters._rows import memory_loads
from memories.exporters._sink import Sink
from memories.exporters._table import COLUMNS, table_row
from memories.filters import MemoryFilter

if TYPE_CHECKING:
    import pyarrow

_GROUP_ROWS = 10_000
_GROUP_BYTES = 8 * 1024**2


def parquet_chunks(owner: User, wanted: MemoryFilter) -> Iterator[bytes]:
    """The file, a row group at a time."""
    # 60 MB of library that only this export needs.
    import pyarrow
    import pyarrow.parquet

    sink, schema = Sink(), _schema()
    writer = pyarrow.parquet.ParquetWriter(pyarrow.PythonFile(sink, mode="w"), schema, compression="zstd")
    for group in _groups(owner, wanted):
        writer.write_table(pyarrow.Table.from_pylist(group, schema=schema), row_group_size=len(group))
        yield sink.drain()
    writer.close()
    yield sink.drain()


def _groups(owner: User, wanted: MemoryFilter) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    weight = 0
    for memories in memory_loads(owner, wanted):
        group += map(table_row, memories)
        weight += sum(memory.size_bytes for memory in memories)
        if len(group) >= _GROUP_ROWS or weight >= _GROUP_BYTES:
            yield group
            group, weight = [], 0
    if group:
        yield group


def _schema() -> pyarrow.Schema:
    import pyarrow

    text, moment = pyarrow.string(), pyarrow.timestamp("us", tz="UTC")
    special = {
        "tags": pyarrow.list_(text),
        "pinned": pyarrow.bool_(),
        "importance": pyarrow.float64(),
        "sightings": pyarrow.int32(),
        "occurred_at": moment,
        "created_at": moment,
        "updated_at": moment,
    }
    return pyarrow.schema([(name, special.get(name, text)) for name in COLUMNS])
