"""MyActivity.html, Takeout's default: cut at its entries while it streams, in any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any

import lxml.html

from memories.importers import _html
from memories.importers._clean import one_line
from memories.importers._gemini_activity import OTHER_PRODUCT, Entry, grouped, is_gemini, make_entry
from memories.importers._local_time import parse_local_time
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers._text import decode
from memories.importers.items import Item, Refused
from memories.importers.limits import MIB

CELL = re.compile(rb"<div[^>]{0,60}class=\"[^\"]{0,40}outer-cell")
FILE = re.compile(r"^[-\s]*(?:Attached \d+ files?\.?|- .+\.\w{2,5})$")
STEP = 256 * 1024
MARKER_BYTES = 128


def recognises(source: Source) -> bool:
    """The page's cells are named the same in every language."""
    return bool(CELL.search(source.head_utf8)) and b"content-cell" in source.head_utf8


def read(source: Source, run: Run) -> Iterator[Item]:
    """Conversations grouped by time, as from the JSON."""
    yield from grouped(_entries(source, run))


def _entries(source: Source, run: Run) -> Iterator[Entry | Item]:
    for number, cell in enumerate(_cells(source, run), start=1):
        entry = guarded(partial(_cell_entry, cell, run), f"{source.name}, item {number}")
        if entry:
            yield entry


def _cell_entry(cell: bytes | Refused, run: Run) -> Entry | None:
    if isinstance(cell, Refused):
        raise cell
    return parse_cell(decode(cell), run)


def _cells(source: Source, run: Run) -> Iterator[bytes | Refused]:
    """The bytes of each entry. What is larger than an entry can be is passed over."""
    held = b""
    with source.open_utf8() as stream:
        while part := stream.read(STEP):
            held += part
            starts = [found.start() for found in CELL.finditer(held)]
            if not starts:
                held = held[-MARKER_BYTES:]
                continue
            yield from (held[begin:end] for begin, end in pairwise(starts))
            held = held[starts[-1] :]
            if len(held) > run.limits.cell_bytes:
                yield Refused(f"too-large: more than {run.limits.cell_bytes // MIB} MiB in one entry")
                held = held[-MARKER_BYTES:]
    if CELL.match(held):
        yield held


def parse_cell(markup: str, run: Run) -> Entry | None:
    """The entry in one outer cell; raises Refused where it has no date."""
    tree = _html.parse(markup)
    header = " ".join(e.text_content() for e in tree.find_class("header-cell"))
    if not is_gemini(header):
        run.leave_out(OTHER_PRODUCT)
        return None
    bodies = [e for e in tree.find_class("content-cell") if e.text_content().strip()]
    if not bodies:
        return None
    lines = _html.to_text(bodies[0]).split("\n")
    for place, line in enumerate(lines):
        at = parse_local_time(line)
        if at:
            return _entry(lines[:place], lines[place + 1 :], at, bodies[0], run)
    raise Refused("no-date: an entry of Takeout's page without a date that can be read")


def _entry(asked: list[str], answered: list[str], at: datetime, body: lxml.html.HtmlElement, run: Run) -> Entry | None:
    notes: dict[str, Any] = {}
    files = [line for line in asked if len(line) < 300 and FILE.match(line)]
    names = [one_line(line.lstrip("- "), 200) for line in files if line.startswith("- ")]
    if names:
        notes["attachments"] = names
    images = [one_line(image.get("src"), 200) for image in body.iter("img") if image.get("src")]
    if images:
        notes["images"] = images[:20]
    prompt = "\n".join(line for line in asked if line not in files)
    return make_entry(prompt, "\n".join(answered), at, notes, run)
