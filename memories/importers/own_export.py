"""MEMSHADOW's own export: a header line, then one typed record a line, handed on as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memories.importers import _lines
from memories.importers._clean import one_line, storable
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers.items import Failed, Item, ParsedRecord

VERSIONS = (1,)
TYPES = frozenset({"conversation", "tag", "persona", "memory", "revision", "link", "saved_search"})
DEPTH = 64


def recognises(source: Source) -> bool:
    """The header's key, in the first line."""
    return source.outline.kind in ("lines", "object") and b'"memshadow_export"' in source.head_utf8[:4096]


def read(source: Source, run: Run) -> Iterator[Item]:
    """The header as a record of type 'export', then the records; a newer version ends the reading."""
    with source.open_utf8() as stream:
        for number, value in _lines.objects(stream, source.name, run.limits):
            if isinstance(value, Failed):
                yield value
                continue
            item = _record(value, number, f"{source.name}, line {number}", run)
            if item:
                yield item
            if isinstance(item, Failed) and item.code == "newer-version":
                return


def _record(value: dict[str, Any], number: int, where: str, run: Run) -> Item | None:
    if "memshadow_export" in value:
        if value["memshadow_export"] not in VERSIONS:
            return Failed("newer-version: this export was written by a newer MEMSHADOW; update this one first", where)
        return ParsedRecord("export", _storable(value, DEPTH), number)
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        run.leave_out(f"unknown-record: {one_line(kind, 40) or 'no type'}")
        return None
    try:
        return ParsedRecord(kind, _storable(value, DEPTH), number)
    except RecursionError:
        return Failed(f"too-deep: nested more than {DEPTH} levels", where)


def _storable(value: Any, depth: int) -> Any:
    """Only what the database refuses is changed: a record must come back as it left."""
    if depth == 0:
        raise RecursionError
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _storable(inner, depth - 1) for key, inner in value.items()}
    return [_storable(inner, depth - 1) for inner in value] if isinstance(value, list) else value
