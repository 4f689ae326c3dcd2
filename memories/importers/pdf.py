"""PDF documents: the text of each page, parted by form feeds, with a map of where pages begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import pypdf

from memories.importers._archive import spooled
from memories.importers._clean import clean, one_line
from memories.importers._documents import document
from memories.importers._run import Run, failed
from memories.importers._sources import Source
from memories.importers.items import Failed, Item, ParsedDocument, Refused, Skipped

NO_TEXT = "no-text: pages without text, such as scans"
PAGE_BREAK = "\n\f"


def recognises(source: Source) -> bool:
    """The signature, which may stand behind a little junk."""
    return b"%PDF-" in source.head[:1024]


def read(source: Source, run: Run) -> Iterator[Item]:
    """One document; `metadata['pages']` holds the offset in the content at which each page begins."""
    with source.open_raw() as stream, spooled(stream, run.limits.document_bytes) as file:
        yield from _read(file, source, run)


def _read(file: BinaryIO, source: Source, run: Run) -> Iterator[Item]:
    reader = _opened(file)
    pages: list[int] = []
    parts: list[str] = []
    offset = empty = 0
    for number, text in enumerate(_pages(reader), start=1):
        if isinstance(text, Exception):
            yield failed(text, f"{source.name}, page {number}")
            text = ""
        empty += not text
        if offset + len(text) > run.limits.text_bytes or number > run.limits.pages:
            yield Failed(f"too-large: pages from {number} on were left out", source.name)
            break
        pages.append(offset)
        parts.append(text)
        offset += len(text) + len(PAGE_BREAK)
    if empty == len(pages):
        yield Skipped(NO_TEXT, source.name)
        return
    run.leave_out(NO_TEXT, empty)
    about = reader.metadata
    made = document(
        source,
        PAGE_BREAK.join(parts),
        title=_quietly(lambda: about.title if about else ""),
        at=_quietly(lambda: about.creation_date if about else None),
        metadata={"author": one_line(_quietly(lambda: about.author if about else ""), 200)},
    )
    if isinstance(made, ParsedDocument):
        made.metadata["pages"] = pages
    yield made


def _opened(file: BinaryIO) -> pypdf.PdfReader:
    try:
        reader = pypdf.PdfReader(file, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused("encrypted: the PDF has a password; save it without one")
    except (Refused, MemoryError):
        raise
    except Exception as error:
        raise Refused("bad-pdf: the file is damaged or no PDF") from error
    return reader


def _pages(reader: pypdf.PdfReader) -> Iterator[str | Exception]:
    """Each page's text, or what went wrong with it."""
    try:
        count = len(reader.pages)
    except Exception as error:
        raise Refused("bad-pdf: its list of pages cannot be read") from error
    for number in range(count):
        try:
            yield clean(reader.pages[number].extract_text()).replace("\f", "\n").strip()
        except MemoryError:
            raise
        except Exception as error:
            yield error


def _quietly(get: Callable[[], object]) -> object:
    """A value from the document's own description, which is often broken and never worth failing for."""
    try:
        return get()
    except Exception:
        return None
