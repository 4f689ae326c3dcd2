"""JSON of any size, one element at a time: finds where elements begin and end, and parses each by itself.

The json module parses what lies whole in a window of the file, one element after the other. Where that
fails, the element is too large for the window, or broken: then it is cut out at its brackets by two regular
expressions, and costs only itself. ijson, measured beside this, is as fast but ends at the first error.

The package regex, because the possessive repeats of Python's own are broken before 3.11.5, and Debian 12 has 3.11.2.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import regex

from memories.importers._text import decode
from memories.importers.items import Refused
from memories.importers.limits import MIB, Limits

CHUNK = 256 * 1024
WINDOW = MIB
DELIMITERS = frozenset(",] \t\r\n")
GAP = regex.compile(r"[\s,]*")
# Everything up to the next bracket, strings swallowed whole; possessive, so that nothing is tried twice.
DEEP = regex.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+', regex.DOTALL)
# The same at the level of the elements, where a comma ends one.
FLAT = regex.compile(rb'(?:[^"{}\[\],]++|"(?:[^"\\]++|\\.)*+")*+', regex.DOTALL)
STRING_REST = regex.compile(rb"(?:[^\"\\]++|\\.)*+", regex.DOTALL)
KEY = regex.compile(rb'\s*"((?:[^"\\]|\\.){0,200})"\s*:\s*', regex.DOTALL)
OPENING, CLOSING, QUOTE, BACKSLASH, COMMA = frozenset(b"{["), frozenset(b"}]"), ord('"'), ord("\\"), ord(",")
TRUNCATED = "truncated: the file ends in the middle; download or export it again"


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON; Python's writer makes them all the same."""
    return None


DECODER = json.JSONDecoder(strict=False, parse_constant=_no_number)
UNREAD = object()


@dataclass(slots=True)
class Piece:
    """One element: `raw` JSON, or the `problem` that kept it from being read; `key` is '' in an array."""

    key: str
    number: int
    raw: bytes = b""
    problem: str = ""
    value: Any = UNREAD

    def load(self, limits: Limits) -> Any:
        """The element's value; raises Refused with words for a person."""
        if self.problem:
            raise Refused(self.problem)
        return loads(self.raw, limits) if self.value is UNREAD else self.value


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

    @property
    def between_elements(self) -> bool:
        """Whether the scanner stands in an array, before an element."""
        in_array = self.base == 2 or (self.base == 1 and not self.in_object)
        return in_array and self.depth == self.base and not self.held and not self.problem and not self.string

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
    window, at = stream.read(WINDOW), 0
    # Each fruitless look at a window makes the next rarer: a file of rubbish must not cost one an element.
    pieces_by_hand, wait = 0, 0
    while at < len(window) and not cut.ended:
        if cut.between_elements and not pieces_by_hand:
            window = window[at:]
            window += stream.read(max(0, WINDOW - len(window)))
            at = yield from _whole_elements(window, cut)
            wait = 0 if at >= len(window) // 8 else min(wait * 2 + 1, 10_000)
            pieces_by_hand = wait
        at, piece = _scan(window, at, cut)
        if piece:
            pieces_by_hand = max(0, pieces_by_hand - 1)
            yield piece
        if at >= len(window):
            window, at = stream.read(CHUNK), 0
    if not cut.ended:
        yield Piece(key=cut.key, number=cut.number + 1, problem=TRUNCATED)


def _whole_elements(window: bytes, cut: _Cut) -> Generator[Piece, None, int]:
    """The elements that lie whole in `window`; returns the byte at which the first that does not begins."""
    try:
        text, _ = codecs.utf_8_decode(window, "strict", False)
    except UnicodeDecodeError as error:
        text = window[: error.start].decode()
    at = 0
    while True:
        at = GAP.match(text, at).end()  # type: ignore[union-attr]
        if at == len(text) or text[at] == "]":
            break
        try:
            value, end = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        if end == len(text) or text[end] not in DELIMITERS:
            break  # a number may go on in the next window
        cut.number += 1
        yield Piece(key=cut.key, number=cut.number, value=value)
        at = end
    return len(text[:at].encode())


def _scan(chunk: bytes, at: int, cut: _Cut) -> tuple[int, Piece | None]:
    """Goes on from `at` to the end of the next element or of the chunk: the place, the element if any."""
    size = len(chunk)
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
        if piece or cut.between_elements:
            return at, piece
    return size, None


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
        return json.loads(raw.decode("utf-8"), strict=False, parse_constant=_no_number)
    except UnicodeDecodeError:
        return json.loads(decode(raw), strict=False, parse_constant=_no_number)


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return "not valid JSON"


def load_whole(stream: BinaryIO, limits: Limits) -> Any:
    """The one value of a file that is held whole; raises Refused above the limit for an item."""
    raw = stream.read(limits.item_bytes + 1)
    if len(raw) > limits.item_bytes:
        raise Refused(f"too-large: more than {limits.item_bytes // MIB} MiB in one conversation")
    return loads(raw, limits)
