"""Zip archives that may be hostile: members are read in place and never written where they say."""

from __future__ import annotations

import io
import re
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

from memories.importers._clean import safe_name
from memories.importers._sources import Measured, Meter, Source
from memories.importers.items import Refused, UnknownFormat
from memories.importers.limits import GIB, MIB, Limits

SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
NUMBERS = re.compile(r"(\d+)")
STEP = 256 * 1024


def is_zip(head: bytes) -> bool:
    """By signature: an empty archive counts."""
    return head.startswith(SIGNATURES)


class Member(io.RawIOBase):
    """A member's bytes, counted: raises Refused when they outgrow what its packed size can honestly hold."""

    def __init__(self, packed: zipfile.ZipExtFile, info: zipfile.ZipInfo, archive: Archive) -> None:
        self._packed = packed
        self._info = info
        self._archive = archive
        self._count = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """In steps, so that asking for everything still meets the guards."""
        if size is not None and 0 <= size <= STEP:
            return self._step(size)
        parts, wanted = [], size if size is not None and size >= 0 else None
        while wanted is None or wanted > 0:
            part = self._step(STEP if wanted is None else min(STEP, wanted))
            if not part:
                break
            parts.append(part)
            wanted = None if wanted is None else wanted - len(part)
        return b"".join(parts)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """So that a BufferedReader can stand on this."""
        data = self._step(min(len(buffer), STEP))
        buffer[: len(data)] = data
        return len(data)

    def _step(self, size: int) -> bytes:
        data = self._packed.read(size)
        self._count += len(data)
        self._archive.spend(len(data))
        limits = self._archive.limits
        if self._count > limits.ratio_floor_bytes and self._count > self._info.compress_size * limits.ratio:
            raise Refused("zip-bomb: this member unpacks to far more than an export can hold; it was not read")
        return data

    def close(self) -> None:
        """Closes the member, not the archive."""
        self._packed.close()
        super().close()


class Archive:
    """A zip that passed the checks which need no unpacking; raises UnknownFormat when it did not."""

    def __init__(self, file: BinaryIO, limits: Limits, meter: Meter | None) -> None:
        self.limits = limits
        self._meter = meter
        self._spent = 0
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
            raise UnknownFormat("The zip archive is damaged or incomplete: download or export it again") from error
        self.infos = self._checked(self._zip.infolist())

    def _checked(self, infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
        if len(infos) > self.limits.members:
            raise UnknownFormat(f"The zip archive has more than {self.limits.members} members")
        end = 0
        for info in sorted(infos, key=lambda i: i.header_offset):
            # Bombs that are small on disk let many members share the same packed bytes.
            if info.header_offset < end:
                raise UnknownFormat("The zip archive's members overlap, as in a zip bomb")
            end = info.header_offset + info.compress_size
        files = [info for info in infos if not info.is_dir()]
        if files and all(info.flag_bits & 1 for info in files):
            raise UnknownFormat("The zip archive has a password: unpack it and zip the files again without one")
        return sorted(files, key=lambda i: _order(member_name(i)))

    def spend(self, size: int) -> None:
        """Counts what is unpacked over all members."""
        self._spent += size
        if self._spent > self.limits.archive_bytes:
            raise Refused(f"zip-bomb: the archive unpacks to more than {self.limits.archive_bytes // GIB} GiB")

    def open(self, info: zipfile.ZipInfo) -> BinaryIO:
        """The member's bytes. Raises Refused with the reason where it cannot be read."""
        if info.flag_bits & 1:
            raise Refused("encrypted: this member has a password; zip the files again without one")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # The bzip2 and LZMA readers of the standard library unpack without a bound on memory.
            raise Refused("compression: packed in an unusual way; zip the files again with the usual 'deflate'")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Refused("link: a symbolic link, not a file")
        member = Member(self._zip.open(info), info, self)  # type: ignore[arg-type]
        return io.BufferedReader(member, STEP)

    def source(self, info: zipfile.ZipInfo) -> Source:
        """The member, recognisable and readable. Raises as `open`, or zlib.error and BadZipFile."""
        with self.open(info) as stream:
            head = stream.read(self.limits.head_bytes)
        whole = len(head) < self.limits.head_bytes
        return Source(
            name=member_name(info),
            size=info.file_size,
            head=head,
            open_raw=self._opener(info, head if whole else None),
            limits=self.limits,
            modified=_modified(info),
            in_archive=True,
        )

    def _opener(self, info: zipfile.ZipInfo, whole: bytes | None) -> Callable[[], BinaryIO]:
        def report(count: int) -> None:
            if self._meter:
                share = min(1.0, count / max(info.file_size, 1))
                self._meter.current = int(info.compress_size * share)

        def opener() -> BinaryIO:
            raw = io.BytesIO(whole) if whole is not None else self.open(info)
            return io.BufferedReader(Measured(raw, report), STEP)

        return opener


def member_name(info: zipfile.ZipInfo) -> str:
    """Safe to show. macOS writes UTF-8 without saying so, which zipfile then reads as cp437."""
    name = info.filename
    if not info.flag_bits & 0x800 and not name.isascii():
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    return safe_name(name)


def _order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Folder by folder, with numbers by value: conversations-2 before conversations-10."""
    parts = NUMBERS.split(name.lower())
    return tuple((0, int(p), "") if p.isdigit() and len(p) < 19 else (1, 0, p) for p in parts)


def _modified(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time, tzinfo=UTC) if info.date_time[0] > 1980 else None
    except ValueError:
        return None


@contextmanager
def spooled(stream: BinaryIO, limit_bytes: int) -> Iterator[BinaryIO]:
    """Yields an unnamed temporary file with the stream's bytes, gone when the caller is done with it."""
    with tempfile.TemporaryFile() as file:
        count = 0
        while part := stream.read(STEP):
            count += len(part)
            if count > limit_bytes:
                raise Refused(f"too-large: more than {limit_bytes // MIB} MiB in one file")
            file.write(part)
        file.seek(0)
        yield file
