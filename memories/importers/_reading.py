"""Recognising a file and reading it: a bare file by its format, an archive member by member."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from memories.importers._archive import Archive, is_zip, member_name, spooled
from memories.importers._clean import safe_name
from memories.importers._registry import Format, format_of
from memories.importers._run import Run, failed
from memories.importers._sources import Measured, Meter, Source
from memories.importers.docx import recognises as is_docx
from memories.importers.items import Failed, Item, Progress, Refused, UnknownFormat
from memories.importers.limits import DEFAULT, Limits

SYSTEM_FILES = "system-file: files that the operating system adds"
ASSET = "asset: pictures, pages and other files that belong to an export"
UNSUPPORTED = "unsupported: files of other kinds"
DAMAGED = "damaged: this part of the archive is damaged; download or export it again"
NESTED = "nested-zip: a zip within a zip within the zip; unpack it and import it by itself"
OTHER_PRODUCT = "other-product: files of Google products other than Gemini"
JUNK = re.compile(
    r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\.obsidian/|\.trash/|\.git/)", re.IGNORECASE
)
# Names that ChatGPT, Grok and Le Chat give to what belongs to their exports without being a conversation.
ASSETS = re.compile(
    r"(^|/)(chat\.html$|file[-_][^/]*$|dalle-generations/|user-[A-Za-z0-9]{16,}/|prod-mc-asset-server/|"
    r"[^/]*-files/|conversations\.json\.index$|[0-9a-f-]{36}/audio/)"
)
TAKEOUT = re.compile(r"(^|/)Takeout/", re.IGNORECASE)
EXPORT_NAMES = re.compile(r"(^|/)(conversations(-\d+)?\.json|prod-grok-backend\.json|chat-[0-9a-f-]{36}\.json)$")
SNIFFED_MEMBERS = 2_000
FOREIGN = (
    (b"\x1f\x8b", "gzip"), (b"7z\xbc\xaf", "7z"), (b"Rar!", "rar"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"),
)  # fmt: skip


def sniff(file: BinaryIO, name: str, *, limits: Limits = DEFAULT) -> Format:
    """The format of `file`, by content; `name` decides only between kinds of text.

    For an archive it is the first chat format in it, else the first other one. Raises UnknownFormat, whose
    message lists what is accepted.
    """
    source = _bare(file, name, limits, None)
    if _is_archive(source):
        found = _sniff_archive(Archive(file, limits, None))
        if found is None:
            raise UnknownFormat("Nothing in the zip archive can be imported")
        return found
    return _known(source)


def read(file: BinaryIO, name: str, *, limits: Limits = DEFAULT) -> Iterator[tuple[Progress, Item]]:
    """Items in a fixed order, as they are read; `file` must be seekable. Raises UnknownFormat at first.

    What cannot be read inside it comes as Failed and what is left out as Skipped, those by reason at the end;
    only an error of the disk itself is raised.
    """
    size = file.seek(0, io.SEEK_END)
    meter = Meter(total=size)
    run = Run(limits)
    source = _bare(file, name, limits, meter)
    if _is_archive(source):
        items = _archive_items(Archive(file, limits, meter), meter, run, nested=False)
    else:
        items = _source_items(source, _known(source), run)
    for item in items:
        yield meter.progress(), run.stamp(item)
    meter.done, meter.current = size, 0
    for total in run.totals():
        yield meter.progress(), total


def _bare(file: BinaryIO, name: str, limits: Limits, meter: Meter | None) -> Source:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(limits.head_bytes)

    def report(count: int) -> None:
        if meter:
            meter.current = count

    def opener() -> BinaryIO:
        file.seek(0)
        return io.BufferedReader(Measured(file, report), 256 * 1024)

    return Source(name=safe_name(name), size=size, head=head, open_raw=opener, limits=limits)


def _is_archive(source: Source) -> bool:
    return is_zip(source.head) and not is_docx(source)


def _known(source: Source) -> Format:
    if not source.head.strip():
        raise UnknownFormat("The file is empty")
    foreign = next((kind for mark, kind in FOREIGN if source.head.startswith(mark)), "")
    if foreign:
        raise UnknownFormat(f"This is a {foreign} archive: unpack it and import the files in it, or a zip of them")
    found = format_of(source)
    if found is None:
        raise UnknownFormat("The content of this file is of no known format")
    return found


def _sniff_archive(archive: Archive, nested: bool = False) -> Format | None:
    other: Format | None = None
    for info in archive.infos[:SNIFFED_MEMBERS]:
        if _reason_to_skip(member_name(info), False):
            continue
        try:
            found = _sniff_member(archive.source(info), archive.limits, nested)
        except (Refused, UnknownFormat, zipfile.BadZipFile, zlib.error, EOFError):
            continue
        if found and not found.rank:
            return found
        other = other or found
    return other


def _sniff_member(source: Source, limits: Limits, nested: bool) -> Format | None:
    if not _is_archive(source):
        return format_of(source)
    if nested:
        return None
    with source.open_raw() as stream, spooled(stream, limits.nested_bytes) as file:
        return _sniff_archive(Archive(file, limits, None), nested=True)


def _archive_items(archive: Archive, meter: Meter, run: Run, *, nested: bool) -> Iterator[Item]:
    exports = any(EXPORT_NAMES.search(member_name(info)) for info in archive.infos)
    for info in archive.infos:
        name = member_name(info)
        reason = _reason_to_skip(name, exports)
        if reason:
            run.format = ""
            run.leave_out(reason)
        else:
            yield from _guarded_member(archive, info, name, meter, run, nested)
        if not nested:
            meter.finish(info.compress_size)


def _reason_to_skip(name: str, exports: bool) -> str:
    if JUNK.search(name):
        return SYSTEM_FILES
    return ASSET if exports and ASSETS.search(name) else ""


def _guarded_member(
    archive: Archive, info: zipfile.ZipInfo, name: str, meter: Meter, run: Run, nested: bool
) -> Iterator[Item]:
    try:
        yield from _member_items(archive.source(info), meter, run, nested)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        yield Failed(DAMAGED, name)
    except UnknownFormat as error:
        yield Failed(f"unreadable: {error.message}", name)
    except (MemoryError, OSError):
        raise
    except Exception as error:
        yield failed(error, name)


def _member_items(source: Source, meter: Meter, run: Run, nested: bool) -> Iterator[Item]:
    run.format = ""
    if _is_archive(source):
        if nested:
            run.leave_out(NESTED)
            return
        with source.open_raw() as stream, spooled(stream, run.limits.nested_bytes) as file:
            yield from _archive_items(Archive(file, run.limits, None), meter, run, nested=True)
        return
    found = format_of(source)
    if found and found.rank and TAKEOUT.search(source.name):
        run.leave_out(OTHER_PRODUCT)
    elif found:
        yield from _source_items(source, found, run)
    else:
        run.leave_out(UNSUPPORTED)


def _source_items(source: Source, found: Format, run: Run) -> Iterator[Item]:
    """The items of one file; what the reader could not foresee ends this file, not the import."""
    run.format = found.key
    try:
        yield from found.read(source, run)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        yield Failed(DAMAGED, source.name)
    except UnknownFormat as error:
        yield Failed(f"unreadable: {error.message}", source.name)
    except (MemoryError, OSError):
        raise
    except Exception as error:
        yield failed(error, source.name)
