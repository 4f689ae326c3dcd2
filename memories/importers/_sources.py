"""One file to read, wherever it lies, with what recognising it and measuring progress need."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import BinaryIO

from memories.importers._outline import Outline, outline
from memories.importers._text import as_utf8, decode, is_text, marked_encoding
from memories.importers.items import Progress
from memories.importers.limits import Limits


@dataclass(slots=True)
class Meter:
    """Counts the bytes of the file as it was given. `current` belongs to the open member."""

    total: int
    done: int = 0
    current: int = 0
    _last: int = 0

    def progress(self) -> Progress:
        """Never more than the total, never less than before."""
        self._last = max(self._last, min(self.done + self.current, self.total))
        return Progress(self._last, self.total)

    def finish(self, size: int) -> None:
        """The open member, of `size` bytes in the file, is done."""
        self.done += size
        self.current = 0


class Measured(io.RawIOBase):
    """Passes reads through and tells `report` how many bytes it gave out; closing leaves `stream` open."""

    def __init__(self, stream: BinaryIO, report: Callable[[int], None]) -> None:
        self._stream = stream
        self._report = report
        self._count = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """As the stream's own."""
        data = self._stream.read(-1 if size is None else size)
        self._count += len(data)
        self._report(self._count)
        return data

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """So that a BufferedReader can stand on this."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@dataclass
class Source:
    """A bare file or an archive's member. `name` is safe to show; `open_raw` starts at its beginning."""

    name: str
    size: int
    head: bytes
    open_raw: Callable[[], BinaryIO]
    limits: Limits
    modified: datetime | None = None
    in_archive: bool = False
    metadata: dict[str, str] = field(default_factory=dict)

    @cached_property
    def extension(self) -> str:
        """Lower case, without the dot; '' if there is none."""
        last = self.name.rpartition("/")[2]
        return last.rpartition(".")[2].lower() if "." in last else ""

    @cached_property
    def head_utf8(self) -> bytes:
        """The head as UTF-8 without a mark, whatever the file's encoding."""
        encoding, skip = marked_encoding(self.head)
        if encoding in ("", "utf-8"):
            return self.head[skip:]
        return self.head[skip:].decode(encoding, "replace").encode("utf-8", "replace")

    @cached_property
    def head_text(self) -> str:
        """The head as text."""
        return decode(self.head)

    @cached_property
    def outline(self) -> Outline:
        """The shape of the JSON in it, empty when it is none."""
        return outline(self.head_utf8)

    @cached_property
    def is_text(self) -> bool:
        """Whether it can be shown as text at all."""
        return is_text(self.head)

    def open_utf8(self) -> BinaryIO:
        """The content as UTF-8 bytes from the start, without a byte order mark."""
        return as_utf8(self.open_raw(), self.head)
