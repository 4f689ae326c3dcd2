"""JSON of any size, one element at a time: finds where elements begin and end, and parses each by itself.

A streaming event parser (ijson) was measured beside it. Cutting the text at brackets with two regular
expressions and giving each element to the json module is faster, and a broken, too deep or too large
conversation costs only itself: the cut goes on behind it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from memories.importers._text import decode
from memories.importers.items import Refused
from memories.importers.limits import MIB, Limits

CHUNK = 256 * 1024
# Everything up to the next bracket, strings swallowed whole; possessive, so that nothing is tried twice.
DEEP = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
# The same at the level of the elements, where a comma ends one.
FLAT = re.compile(rb'(?:[^"{}\[\],]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
STRING_REST = re.compile(rb"(?:[^\"\\]++|\\.)*+", re.DOTALL)
KEY = re.compile(rb'\s*"((?:[^"\\]|\\.){0,200})"\s*:\s*', re.DOTALL)
OPENING, CLOSING, QUOTE, BACKSLASH, COMMA = frozenset(b"{["), frozenset(b"}]"), ord('"'), ord("\\"), ord(",")
TRUNCATED = "truncated: the file ends in the middle; download or export it again"


@dataclass(slots=True)
class Piece:
    """One element: `raw` JSON, or the `problem` that kept it from being read; `key` is '' in an array."""

    key: str
    number: int
    raw: bytes = b""
    problem: str = ""


@dataclass(slots=True)
class _Cut:
    """Where the scanner stands. `base` is the depth at which commas part elements (0: nothing opened yet)."""

    limits: Limits
    descend: frozenset[str]
    base: int = 0
    depth: int = 0
    in_object: bool = False
    key: str = ""
    number: int = 0
    string: bool = False
    escaped: bool = False
    ended: bool = False
    problem: str = ""
    held: bytearray = field(default_factory=bytearray)

    def hold(self, part: bytes) -> None:
        """Keeps a part of the element, up to the limit; behind it only the end is looked for."""
        if self.problem:
            return
        if len(self.held) + len(part) > self.limits.item_bytes:
            self.problem = f"too-large: more than {self.limits.item_bytes // MIB} MiB in one conversation"
            self.held.clear()
            return
        self.held += part

    def finish(self) -> Piece | None:
        """The element that ends here, if there is more than blanks."""
        raw, problem = bytes(self.held), self.problem
        self.held.clear()
        self.problem = ""
        if not raw.strip() and not problem:
            return None
        self.number += 1
        key = self.key
        if self.in_object and self.base == 1:
            found = KEY.match(raw)
            if found:
                key, raw = found[1].decode("utf-8", "replace"), raw[found.end() :]
        return Piece(key=key, number=self.number, raw=raw, problem=problem)

    def descends(self) -> bool:
        """Whether the array that opens here belongs to a key whose elements are wanted one by one."""
        if self.depth != 1 or not self.in_object or self.base != 1:
            return False
        found = KEY.fullmatch(bytes(self.held)) if len(self.held) < 256 else None
        return bool(found) and found[1].decode("utf-8", "replace") in self.descend  # type: ignore[index]

    def opened(self, bracket: int, part: bytes) -> None:
        """Takes an opening bracket."""
        if self.base == 0:
            self.base, self.depth, self.in_object = 1, 1, bracket == ord("{")
            self.held.clear()
            return
        if bracket == ord("[") and self.descends():
            self.key = KEY.fullmatch(bytes(self.held))[1].decode()  # type: ignore[index]
            self.held.clear()
            self.base = self.depth = 2
            self.number = 0
            return
        self.depth += 1
        if self.depth - self.base > self.limits.depth and not self.problem:
            self.problem = f"too-deep: nested more than {self.limits.depth} levels"
            self.held.clear()
        self.hold(part)

    def closed(self, part: bytes) -> Piece | None:
        """Takes a closing bracket; one that closes the level of the elements ends the last of them."""
        if self.depth > self.base:
            self.depth -= 1
            self.hold(part)
            return None
        piece = self.finish()
        self.depth -= 1
        self.base -= 1
        self.key = ""
        self.ended = self.base <= 0
        return piece


def split(stream: BinaryIO, limits: Limits, descend: frozenset[str] = frozenset()) -> Iterator[Piece]:
    """Elements of a top-level array, or the values of a top-level object with their keys; arrays under a
    key in `descend` are parted into their elements. A file that ends too early gives a piece with a problem.
    """
    cut = _Cut(limits, descend)
    while chunk := stream.read(CHUNK):
        yield from _scan(chunk, cut)
        if cut.ended:
            return
    yield Piece(key=cut.key, number=cut.number + 1, problem=TRUNCATED)


def _scan(chunk: bytes, cut: _Cut) -> Iterator[Piece]:
    at, size = 0, len(chunk)
    while at < size and not cut.ended:
        if cut.string:
            at = _pass_string(chunk, at, cut)
            continue
        end = (DEEP if cut.depth > cut.base else FLAT).match(chunk, at).end()  # type: ignore[union-attr]
        mark = chunk[end] if end < size else None
        if mark == QUOTE:
            cut.string = True
        if mark is None or mark == QUOTE:
            cut.hold(chunk[at : end + 1])
            at = end + 1
            continue
        if end > at:
            cut.hold(chunk[at:end])
        at = end + 1
        piece = _bracket(mark, chunk[end:at], cut)
        if piece:
            yield piece


def _bracket(mark: int, part: bytes, cut: _Cut) -> Piece | None:
    if mark in OPENING:
        cut.opened(mark, part)
        return None
    if mark in CLOSING:
        return cut.closed(part) if cut.base else None
    if mark == COMMA and cut.depth == cut.base:
        return cut.finish()
    cut.hold(part)
    return None


def _pass_string(chunk: bytes, at: int, cut: _Cut) -> int:
    """Moves behind a string that began in an earlier chunk, or to the end of this one."""
    start = at
    if cut.escaped:
        cut.escaped = False
        at += 1
    at = STRING_REST.match(chunk, at).end()  # type: ignore[union-attr]
    if at < len(chunk):
        cut.string = chunk[at] != QUOTE
        cut.escaped = chunk[at] == BACKSLASH
        at += 1
    cut.hold(chunk[start:at])
    return at


def loads(raw: bytes, limits: Limits) -> Any:
    """The value in `raw`, whatever its encoding; raises Refused with words for a person."""
    if raw.count(b"{") + raw.count(b"[") > limits.item_containers or raw.count(b",") > limits.item_commas:
        raise Refused("too-large: too many values in one conversation")
    try:
        return _parsed(raw)
    except RecursionError as error:
        raise Refused("too-deep: nested too deeply to be read") from error
    except ValueError as error:
        raise Refused(f"bad-json: {_reason(error)}") from error


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_number, strict=False)
    except UnicodeDecodeError:
        return json.loads(decode(raw), parse_constant=_no_number, strict=False)


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON; Python's writer makes them all the same."""
    return None


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return "not valid JSON"


def load_whole(stream: BinaryIO, limits: Limits) -> Any:
    """The one value of a file that must be held whole; raises Refused above the limit for an item."""
    raw = stream.read(limits.item_bytes + 1)
    if len(raw) > limits.item_bytes:
        raise Refused(f"too-large: more than {limits.item_bytes // MIB} MiB in one conversation")
    return loads(raw, limits)
