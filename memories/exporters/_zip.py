"""Zip archives written member by member (PKWARE APPNOTE 6.3.10), with little kept of each.

`zipfile` keeps an object of about 700 bytes for every member to the end: most of a small server's memory for
a vault of a million notes. Here each leaves a compressed directory entry.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from datetime import datetime

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64 = struct.Struct("<4sIQI")
_END = struct.Struct("<4s4H2IH")
_UTF8_NAMES = 0x0800
_DEFLATED = 8
_NEEDS_64 = 45
_MAX_32 = 0xFFFFFFFF
_MAX_16 = 0xFFFF
_REGULAR_FILE = 0o100644 << 16
_MADE_ON_UNIX = 3 << 8
_SLICE_BYTES = 64 * 1024


class ZipWriter:
    """Turns members into the archive's bytes, in order. A member is held whole: keep it to some megabytes."""

    def __init__(self) -> None:
        self._position = 0
        self._count = 0
        self._squeezed: list[bytes] = []
        self._squeezer = zlib.compressobj(6)

    def member(self, name: str, content: bytes, modified: datetime) -> bytes:
        """The bytes of one member."""
        path = name.encode()
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(content) + packer.flush()
        about = (_UTF8_NAMES, _DEFLATED, *_dos_time(modified), zlib.crc32(content), len(packed), len(content))
        local = _LOCAL.pack(b"PK\x03\x04", 20, *about, len(path), 0)
        self._note(path, about)
        written = local + path + packed
        self._position += len(written)
        return written

    def _note(self, path: bytes, about: tuple[int, ...]) -> None:
        far = self._position >= _MAX_32
        extra = struct.pack("<2HQ", 1, 8, self._position) if far else b""
        version = _NEEDS_64 if far else 20
        offset = _MAX_32 if far else self._position
        sizes = (len(path), len(extra), 0, 0, 0)
        entry = _CENTRAL.pack(b"PK\x01\x02", _MADE_ON_UNIX | version, version, *about, *sizes, _REGULAR_FILE, offset)
        self._squeezed.append(self._squeezer.compress(entry + path + extra))
        self._count += 1

    def end(self) -> Iterator[bytes]:
        """The directory, after the last member."""
        self._squeezed.append(self._squeezer.flush())
        opener, size = zlib.decompressobj(), 0
        for piece in self._squeezed:
            while piece:
                part = opener.decompress(piece, _SLICE_BYTES)
                piece = opener.unconsumed_tail
                size += len(part)
                yield part
        rest = opener.flush()
        yield rest + self._end_records(size + len(rest))

    def _end_records(self, size: int) -> bytes:
        start, count = self._position, self._count
        far = b""
        if start >= _MAX_32 or size >= _MAX_32 or count >= _MAX_16:
            far = _END_64.pack(
                b"PK\x06\x06", 44, _MADE_ON_UNIX | _NEEDS_64, _NEEDS_64, 0, 0, count, count, size, start
            ) + _LOCATOR_64.pack(b"PK\x06\x07", 0, start + size, 1)
        short = min(count, _MAX_16)
        return far + _END.pack(b"PK\x05\x06", 0, 0, short, short, min(size, _MAX_32), min(start, _MAX_32), 0)


def _dos_time(moment: datetime) -> tuple[int, int]:
    """(time, date) as MS-DOS wrote them; it knew the years 1980 to 2107."""
    if moment.year < 1980:
        return 0, (1 << 5) | 1
    year = min(moment.year, 2107) - 1980
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    return time, year << 9 | moment.month << 5 | moment.day
