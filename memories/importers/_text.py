"""Bytes to text: byte order marks, UTF-8, UTF-16 without a mark, and old code pages by detection."""

from __future__ import annotations

import codecs
import io
import re
from typing import BinaryIO

import charset_normalizer

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SAMPLE = 64 * 1024
# What files without a mark were written in, in the days of code pages; more choices only make for wrong ones.
CODE_PAGES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r",
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip
# Polish l, a and z with their marks, as they look in cp1252.
CENTRAL = re.compile(r"[a-z][\u00b3\u00b9\u00bf]|[\u00b3\u00b9][a-z]")
CONTROLS = bytes(range(9)) + bytes(range(14, 27)) + bytes(range(28, 32)) + b"\x7f"


def marked_encoding(head: bytes) -> tuple[str, int]:
    """Encoding and length of the byte order mark; ('', 0) without one. Bare UTF-16 shows by its NUL bytes."""
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    sample = head[:4096]
    if len(sample) >= 8 and b"\x00" in sample:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        half = len(sample) // 2
        if odd > half * 0.4 and even < half * 0.05:
            return "utf-16-le", 0
        if even > half * 0.4 and odd < half * 0.05:
            return "utf-16-be", 0
    return "", 0


def encoding_of(head: bytes) -> str:
    """The best guess for text of any origin; cp1252 where nothing else fits, since it reads every file."""
    marked, _ = marked_encoding(head)
    if marked:
        return marked
    sample = head[:SAMPLE]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(sample, cp_isolation=CODE_PAGES).best()
        guess = best.encoding if best else "cp1252"
        return _latin(sample) if guess in ("cp1250", "cp1252") else guess
    return "utf-8"


def _latin(sample: bytes) -> str:
    """Western or Central European: detectors mix the two up, but read as Western, Polish and Czech look odd."""
    text = sample.decode("cp1252", "replace")
    czech = "\u00f8" in text and any(letter in text for letter in "\u00ec\u00e8\u00f9")
    return "cp1250" if czech or CENTRAL.search(text) else "cp1252"


def decode(raw: bytes) -> str:
    """Text of a whole file or piece; never fails."""
    marked, skip = marked_encoding(raw)
    if marked:
        return raw[skip:].decode(marked, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode(encoding_of(raw), "replace")


def is_text(head: bytes) -> bool:
    """Whether `head` could be text: no NUL, and almost no control characters, once its encoding is undone."""
    marked, skip = marked_encoding(head)
    if marked:
        head = head[skip:].decode(marked, "replace").encode("utf-8", "replace")
    sample = head[:SAMPLE]
    controls = len(sample) - len(sample.translate(None, CONTROLS))
    return bool(sample.strip()) and controls <= len(sample) * 0.01 and sample.count(0) <= len(sample) * 0.001


class Utf8Stream(io.RawIOBase):
    """A stream in another encoding, read as UTF-8 in bounded steps."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._left = b""
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """At most as many bytes as fit; 0 at the end."""
        while not self._left and not self._ended:
            chunk = self._stream.read(SAMPLE)
            self._ended = not chunk
            self._left = self._decoder.decode(chunk, final=self._ended).encode("utf-8", "replace")
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def as_utf8(stream: BinaryIO, head: bytes) -> BinaryIO:
    """The same text as UTF-8 without a byte order mark. `stream` stands at its start and `head` is what it
    begins with. Text without a mark passes unchanged: its pieces are decoded one by one.
    """
    encoding, skip = marked_encoding(head)
    if skip:
        stream.read(skip)
    if encoding in ("", "utf-8"):
        return stream
    return io.BufferedReader(Utf8Stream(stream, encoding), SAMPLE)
