"""CSV for spreadsheets: UTF-8 with a byte order mark, and no cell that one would run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from accounts.models import User
from memories.exporters._rows import memory_loads
from memories.exporters._table import COLUMNS, table_row
from memories.filters import MemoryFilter

# What Excel, LibreOffice and Google Sheets take for the start of a formula (OWASP, CSV injection), full-width
# forms included.
_FORMULA_STARTS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
_LINE_STARTS = ("\t", "\r", "\n")


def csv_chunks(owner: User, wanted: MemoryFilter) -> Iterator[bytes]:
    """The file, a load of memories at a time."""
    yield csv_head(COLUMNS)
    for memories in memory_loads(owner, wanted):
        yield csv_rows([table_row(memory).values() for memory in memories])


def csv_head(columns: Iterable[str]) -> bytes:
    """The first line, behind the mark without which Excel does not read UTF-8."""
    return b"\xef\xbb\xbf" + _lines([list(columns)])


def csv_rows(rows: Iterable[Iterable[Any]]) -> bytes:
    """Lines of cells, each as `cell` writes it."""
    return _lines([[cell(value) for value in row] for row in rows])


def cell(value: Any) -> str:
    """A value as text that no spreadsheet runs: a formula's first sign gets an apostrophe before it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        value = "; ".join(value)
    text = str(value)
    risky = text.lstrip()[:1] in _FORMULA_STARTS if text.strip() else False
    return "'" + text if risky or text.startswith(_LINE_STARTS) else text


def _lines(rows: list[list[str]]) -> bytes:
    # Everything is quoted: a semicolon in a text must not start a new cell where semicolons separate.
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()
