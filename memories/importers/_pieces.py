"""The loop that every JSON export shares: an array, a wrapper of one, an object, or objects on lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from memories.importers import _json, _lines
from memories.importers._clean import one_line
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers.items import Failed, Item, Refused, Skipped

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
    for _, where, value in values(source, run, descend):
        yield value if isinstance(value, Failed) else converted(value, where, convert)


def values(source: Source, run: Run, descend: frozenset[str] = frozenset()) -> Iterator[tuple[int, str, Any]]:
    """Number, place and value of each element; the value is a Failed where it is no readable object."""
    wrapped = source.outline.kind == "object"
    with source.open_utf8() as stream:
        for piece in _json.split(stream, run.limits, descend):
            where = f"{source.name}, item {piece.number}"
            if not piece.problem and wrapped and piece.key not in descend:
                continue
            yield piece.number, where, guarded(lambda piece=piece: _value(piece, run), where)  # type: ignore[misc]


def _value(piece: _json.Piece, run: Run) -> dict[str, Any]:
    value = piece.load(run.limits)
    if not isinstance(value, dict):
        raise Refused("bad-item: not a JSON object")
    return value


def _from_lines(source: Source, run: Run, convert: Convert) -> Iterator[Item]:
    with source.open_utf8() as stream:
        for number, value in _lines.objects(stream, source.name, run.limits):
            where = f"{source.name}, line {number}"
            yield value if isinstance(value, Failed) else converted(value, where, convert)


def _from_whole(source: Source, run: Run, convert: Convert) -> Iterator[Item]:
    with source.open_utf8() as stream:
        value = _json.load_whole(stream, run.limits)
    yield converted(value, source.name, convert)


def converted(value: object, where: str, convert: Convert) -> Item:
    """The item for one JSON value, whatever it turns out to be."""
    if not isinstance(value, dict):
        return Failed("bad-item: not a JSON object", one_line(where, 200))
    found = next((one_line(value[key], 200) for key in IDS if one_line(value.get(key), 200)), "")
    where = found or one_line(where, 200)
    item = guarded(lambda: convert(value), where)
    return Skipped(EMPTY, where) if item is None else item
