"""Where an answer ends: HTTP/1.1's ways of saying how long a body is (RFC 9112, section 6.3)."""

from __future__ import annotations

import re
from enum import Enum
from typing import Protocol

_SIZE_LINE_MAX = 4096
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")  # `int` would take signs, which never end


class BadFraming(Exception):
    """The server's chunks cannot be read."""


class Framing(Protocol):
    """Reads the bytes of a body as they come."""

    chunked: bool
    done: bool

    def feed(self, data: bytes) -> bytes:
        """The content in these bytes; `done` holds once the body is complete."""


class Empty:
    """No body at all."""

    chunked, done = False, True

    def feed(self, data: bytes) -> bytes:
        """Nothing belongs to it."""
        return b""


class Counted:
    """So many bytes, or, with None, whatever comes until the connection ends."""

    chunked = False

    def __init__(self, length: int | None) -> None:
        self._left = length
        self.done = length == 0

    def feed(self, data: bytes) -> bytes:
        """The bytes that belong to it."""
        if self._left is None:
            return data
        content = data[: self._left]
        self._left -= len(content)
        self.done = self._left == 0
        return content


class _Part(Enum):
    SIZE, CONTENT, LINE_END, TRAILER = range(4)


class Chunked:
    """Chunks, each after its size."""

    chunked = True

    def __init__(self) -> None:
        self.done = False
        self._part, self._left, self._rest = _Part.SIZE, 0, b""

    def feed(self, data: bytes) -> bytes:
        """The chunks' content. Raises BadFraming."""
        data, at, found = self._rest + data, 0, list[bytes]()
        while not self.done and at < len(data):
            if self._part is _Part.CONTENT:
                at = self._content(data, at, found)
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                break
            self._line(data[at:end])
            at = end + 2
        self._rest = b"" if self.done else data[at:]
        if self._part is not _Part.CONTENT and len(self._rest) > _SIZE_LINE_MAX:
            raise BadFraming
        return found[0] if len(found) == 1 else b"".join(found)

    def _content(self, data: bytes, at: int, found: list[bytes]) -> int:
        piece = data[at : at + self._left]
        found.append(piece)
        self._left -= len(piece)
        if not self._left:
            self._part = _Part.LINE_END
        return at + len(piece)

    def _line(self, line: bytes) -> None:
        if self._part is _Part.SIZE:
            size = line.partition(b";")[0].strip()
            if not _SIZE.fullmatch(size):
                raise BadFraming
            self._left = int(size, 16)
            self._part = _Part.CONTENT if self._left else _Part.TRAILER
        elif self._part is _Part.LINE_END:
            self._part = _Part.SIZE
        else:
            self.done = not line


def framing_of(method: str, status: int, headers: list[tuple[bytes, bytes]]) -> Framing:
    """How the body of this answer ends. Header names in lower case."""
    named = dict(headers)
    if method == "HEAD" or status in (204, 304) or status < 200:
        return Empty()
    if b"chunked" in named.get(b"transfer-encoding", b"").lower():
        return Chunked()
    length = named.get(b"content-length", b"")
    return Counted(int(length) if length.isdigit() else None)
