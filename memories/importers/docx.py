"""Word documents (.docx): paragraphs, headings, lists and tables, streamed from the XML inside.

python-docx was left aside: it holds every picture of the document and its whole tree in memory.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from memories.importers._archive import Archive, is_zip, spooled
from memories.importers._clean import clean, one_line
from memories.importers._documents import document
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers.items import Item, Refused

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
BODY, CORE = "word/document.xml", "docProps/core.xml"
BLOCKS = 300_000
BREAKS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}


def recognises(source: Source) -> bool:
    """A zip whose first members are those of a Word document."""
    return is_zip(source.head) and (
        b"word/document.xml" in source.head
        or (b"[Content_Types].xml" in source.head[:4096] and source.extension in ("docx", "docm", "dotx"))
    )


def read(source: Source, run: Run) -> Iterator[Item]:
    """One document."""
    with source.open_raw() as stream, spooled(stream, run.limits.document_bytes) as file:
        archive = Archive(file, run.limits, None)
        infos = {info.filename: info for info in archive.infos}
        if BODY not in infos:
            raise Refused("bad-docx: the archive holds no Word document")
        content = _body(archive, infos[BODY])
        title, author, created = _about(archive, infos.get(CORE))
    yield document(source, content, title=title, at=created, metadata={"author": author})


def _body(archive: Archive, info: zipfile.ZipInfo) -> str:
    with archive.open(info) as stream:
        return clean("\n\n".join(_blocks(_elements(stream, (f"{W}p", f"{W}tbl")))))


def _elements(stream: BinaryIO, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """Paragraphs and tables of the top level, each cleared once it was used."""
    inside = 0
    try:
        events = etree.iterparse(stream, events=("start", "end"), resolve_entities=False, no_network=True)
        for event, element in events:
            if element.tag == f"{W}tbl":
                inside += 1 if event == "start" else -1
            if event == "end" and element.tag in tags and not inside:
                yield element
                element.clear()
                while element.getprevious() is not None and element.getparent() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise Refused("bad-docx: the document inside is damaged") from error


def _blocks(elements: Iterator[etree._Element]) -> Iterator[str]:
    for number, element in enumerate(elements):
        if number >= BLOCKS:
            raise Refused(f"too-large: more than {BLOCKS} paragraphs in one document")
        text = _table(element) if element.tag == f"{W}tbl" else _paragraph(element)
        if text.strip():
            yield text


def _table(table: etree._Element) -> str:
    rows = []
    for row in table.iter(f"{W}tr"):
        cells = (" ".join(filter(None, map(_paragraph, cell.iter(f"{W}p")))) for cell in row.iterchildren(f"{W}tc"))
        rows.append(" | ".join(cells))
    return "\n".join(rows)


def _paragraph(paragraph: etree._Element) -> str:
    text = "".join(_runs(paragraph)).strip()
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    name = (style.get(f"{W}val") or "").lower() if style is not None else ""
    if text and name.startswith("heading") and name[7:].isdigit():
        return f"{'#' * min(int(name[7:8]) or 1, 6)} {text}"
    if text and name == "title":
        return f"# {text}"
    listed = paragraph.find(f"{W}pPr/{W}numPr") is not None or name.startswith("list")
    return f"- {text}" if text and listed else text


def _runs(paragraph: etree._Element) -> Iterator[str]:
    """Text and breaks, without what was deleted in review."""
    for element in paragraph.iter():
        if element.tag == f"{W}t":
            yield element.text or ""
        elif element.tag in BREAKS:
            yield BREAKS[str(element.tag)]


def _about(archive: Archive, info: zipfile.ZipInfo | None) -> tuple[str, str, str]:
    """Title, author and time of creation from the properties, where they can be read."""
    values = {"title": "", "creator": "", "created": ""}
    if info is not None and info.file_size < 1024 * 1024:
        try:
            with archive.open(info) as stream:
                for _, element in etree.iterparse(stream, resolve_entities=False, no_network=True):
                    name = etree.QName(element).localname
                    if name in values:
                        values[name] = one_line(element.text)
        except (etree.XMLSyntaxError, Refused, ValueError):
            pass
    return values["title"], values["creator"], values["created"]
