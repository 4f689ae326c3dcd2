"""Everything that a person remembers, as a file of their own, streamed: a million take no more room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from accounts.models import User
from memories.exporters._csv import csv_chunks, csv_head, csv_rows
from memories.exporters._jsonl import jsonl_chunks
from memories.exporters._markdown import markdown_chunks
from memories.exporters._parquet import parquet_chunks
from memories.exporters._personal import personal_chunks
from memories.exporters._rows import EVERYTHING
from memories.exporters._sink import Sink
from memories.filters import MemoryFilter
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed

__all__ = [
    "EVERYTHING",
    "FORMATS",
    "Export",
    "ExportFormat",
    "Sink",
    "add_format",
    "csv_head",
    "csv_rows",
    "export",
    "personal_data",
]


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format on offer. `default` is the filter when none is given."""

    key: str
    label: str
    extension: str
    content_type: str
    default: MemoryFilter
    chunks: Callable[[User, MemoryFilter], Iterator[bytes]]
    about: str


@dataclass(frozen=True, slots=True)
class Export:
    """A file to send: its name, its media type and its bytes, made while they are read."""

    filename: str
    content_type: str
    chunks: Iterator[bytes]


_COMPLETE = "Everything, with history, links, tags and conversations. Import it into any MEMSHADOW."
_NOTES = "A zip of notes with front matter, ready for Obsidian and other editors."
_ROWS = "One row a memory, for a spreadsheet."
_TYPED = "Typed columns, for data tools such as DuckDB and pandas."
_PARQUET = "application/vnd.apache.parquet"

FORMATS = {
    known.key: known
    for known in (
        ExportFormat("jsonl", "JSON Lines", "jsonl", "application/x-ndjson", EVERYTHING, jsonl_chunks, _COMPLETE),
        ExportFormat("markdown", "Markdown", "zip", "application/zip", MemoryFilter(), markdown_chunks, _NOTES),
        ExportFormat("csv", "CSV", "csv", "text/csv; charset=utf-8", MemoryFilter(), csv_chunks, _ROWS),
        ExportFormat("parquet", "Parquet", "parquet", _PARQUET, MemoryFilter(), parquet_chunks, _TYPED),
    )
}


def add_format(known: ExportFormat) -> None:
    """Offer another format, of what apps above have found out; its key must be one of the API's."""
    FORMATS[known.key] = known


def personal_data(owner: User) -> Export:
    """Everything that the server holds of the person, as a ZIP archive."""
    return Export(f"memshadow-personal-data-{now():%Y-%m-%d}.zip", "application/zip", personal_chunks(owner))


def export(owner: User, format: str, wanted: MemoryFilter | None = None) -> Export:
    """The owner's memories as a file. `format` is a key of FORMATS.

    Without a filter, jsonl holds everything in every state, so that nothing is lost; the others hold what is
    active. Raises ValidationFailed for another format. Nothing is read before the first chunk is asked for.
    """
    known = FORMATS.get(format)
    if known is None:
        raise ValidationFailed(f"format is one of {', '.join(FORMATS)}.", field="format")
    part = format.removesuffix("-csv") if format.endswith("-csv") or format == "markdown" else ""
    stem = f"memshadow-{now():%Y-%m-%d}" + (f"-{part}" if part else "")
    return Export(f"{stem}.{known.extension}", known.content_type, known.chunks(owner, wanted or known.default))
