"""JSON lines of any length and quality: each line by itself, the bad ones reported by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from memories.importers import _json
from memories.importers._clean import one_line
from memories.importers.items import Failed, Refused
from memories.importers.limits import MIB, Limits


def objects(stream: BinaryIO, name: str, limits: Limits) -> Iterator[tuple[int, dict[str, Any] | Failed]]:
    """Line number (from 1) and its object, or the Failed that names the line. Blank lines are passed over."""
    number = 0
    while line := stream.readline(limits.item_bytes + 1):
        number += 1
        where = f"{one_line(name, 150)}, line {number}"
        if len(line) > limits.item_bytes and not line.endswith(b"\n"):
            _pass_line(stream)
            yield number, Failed(f"too-large: a line of more than {limits.item_bytes // MIB} MiB", where)
            continue
        if not line.strip():
            continue
        yield number, _object(line, where, limits)


def _object(line: bytes, where: str, limits: Limits) -> dict[str, Any] | Failed:
    try:
        value = _json.loads(line, limits)
    except Refused as refusal:
        return Failed(str(refusal), where)
    return value if isinstance(value, dict) else Failed("bad-line: not a JSON object", where)


def _pass_line(stream: BinaryIO) -> None:
    while part := stream.readline(MIB):
        if part.endswith(b"\n"):
            return
