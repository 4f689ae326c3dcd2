"""The loop that every JSON export shares: an array, a wrapper around one, a single object or one object a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from memories.importers import _json, _lines
from memories.importers._clean import one_line
from memories.importers._run import Run, failed, guarded
from memories.importers._sources import Source
from memories.importers.items import Failed, Item, Skipped

Convert = Callable[[dict[str, Any]], Item | None]
IDS = ("conversation_id", "id", "uuid", "sessionId", "chatId")
EMPTY = "empty: no messages to keep"
WRAPPER = frozenset({"conversations"})


def items_from(source: Source, run: Run, convert: Convert, descend: frozenset[str] = WRAPPER) -> Iterator[Item]:
    """One item for each object; None from `convert` is reported as empty, an exception as Failed."""
    if source.outline.kind == "lines":
        yield from _from_lines(source, run, convert)
    elif source.outline.kind == "object" and not any(source.outline.has(f".{key}") for key in descend):
        yield from _from_whole(source, run, convert)
    else:
        yield from _from_split(source, run, convert, descend)


def _from_split(source: Source, run: Run, convert: Convert, descend: frozenset[str]) -> Iterator[Item]:
    wrapped = source.outline.kind == "object"
    with source.open_utf8() as stream:
        for piece in _json.split(stream, run.limits, descend):
            where = f"{source.name}, item {piece.number}"
            if piece.problem:
                yield Failed(piece.problem, where)
            elif not wrapped or piece.key in descend:
                yield _item(piece.raw, where, run, convert)


def _from_lines(source: Source, run: Run, convert: Convert) -> Iterator[Item]:
    with source.open_utf8() as stream:
        for number, value in _lines.objects(stream, source.name, run.limits):
            where = f"{source.name}, line {number}"
            yield value if isinstance(value, Failed) else converted(value, where, convert)


def _from_whole(source: Source, run: Run, convert: Convert) -> Iterator[Item]:
    with source.open_utf8() as stream:
        value = _json.load_whole(stream, run.limits)
    yield converted(value, source.name, convert)


def _item(raw: bytes, where: str, run: Run, convert: Convert) -> Item:
    try:
        value = _json.loads(raw, run.limits)
    except Exception as error:
        if isinstance(error, MemoryError | OSError):
            raise
        return failed(error, where)
    return converted(value, where, convert)


def converted(value: object, where: str, convert: Convert) -> Item:
    """The item for one JSON value, whatever it turns out to be."""
    if not isinstance(value, dict):
        return Failed("bad-item: not a JSON object", one_line(where, 200))
    found = next((one_line(value[key], 200) for key in IDS if one_line(value.get(key), 200)), "")
    where = found or one_line(where, 200)
    item = guarded(lambda: convert(value), where)
    return Skipped(EMPTY, where) if item is None else item
