"""Web pages saved as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memories.importers import _html
from memories.importers._documents import document, whole_text
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers._text import decode, marked_encoding
from memories.importers.items import Item, Refused
from memories.importers.limits import MIB

START = re.compile(
    rb"^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,30})", re.IGNORECASE)
EXTENSIONS = {"html", "htm", "xhtml"}
# A tree needs about ten times the bytes of its page.
PAGE_BYTES = 24 * MIB
DATES = (
    "//meta[@property='article:published_time']/@content",
    "//meta[@name='date' or @name='dcterms.created' or @name='DC.date']/@content",
    "//time[@datetime]/@datetime",
)


def recognises(source: Source) -> bool:
    """A page's beginning; a fragment only by its name."""
    if START.match(source.head_utf8[:8192]):
        return source.is_text
    return source.is_text and source.extension in EXTENSIONS and b"<" in source.head


def read(source: Source, run: Run) -> Iterator[Item]:
    """One document of the readable text."""
    if source.size > PAGE_BYTES:
        raise Refused(f"too-large: more than {PAGE_BYTES // MIB} MiB of HTML in one page")
    tree = _html.parse(_markup(source))
    title = next((element.text_content() for element in tree.iter("title")), "")
    found = next((value for path in DATES for value in tree.xpath(path)), None)
    address = next((str(value) for value in tree.xpath("//link[@rel='canonical']/@href")), "")
    yield document(source, _html.to_text(tree), title=title, at=str(found or ""), metadata={"url": address})


def _markup(source: Source) -> str:
    """The page's own word on its encoding counts unless it is plainly wrong."""
    declared = CHARSET.search(source.head[:4096])
    if declared and not marked_encoding(source.head)[0]:
        with source.open_raw() as stream:
            raw = stream.read(PAGE_BYTES + 1)
        try:
            return raw.decode(declared[1].decode("ascii"))
        except (UnicodeDecodeError, LookupError):
            return decode(raw)
    return whole_text(source)
