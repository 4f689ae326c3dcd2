"""CSV: one note a row, from columns whose names are known, or written as 'column: value' lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from memories.importers._clean import clean, digest, metadata_of, one_line, stem, tags_of
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers._text import encoding_of, marked_encoding
from memories.importers._time import parse_time
from memories.importers.items import Failed, Item, ParsedDocument, Refused, Skipped

CONTENT = ("content", "text", "note", "body", "message", "memory", "inhalt")
TITLE = ("title", "name", "subject", "titel")
WHEN = ("date", "created_at", "created", "timestamp", "time", "occurred_at", "datum")
TAGS = ("tags", "tag", "labels", "categories", "category")
IDENTITY = ("id", "external_id", "uuid", "guid")
KNOWN = frozenset(CONTENT + TITLE + WHEN + TAGS)
EXTENSIONS = {"csv", "tsv"}
FIELD_CHARS = 16 * 1024 * 1024
COLUMNS = 1_000


def recognises(source: Source) -> bool:
    """By name, or by a first line that holds two or more of the known columns."""
    if not source.is_text or source.outline.kind:
        return False
    if source.extension in EXTENSIONS:
        return True
    if source.in_archive or source.extension not in ("", "txt"):
        return False
    first = source.head_text.lstrip("\ufeff").partition("\n")[0]
    names = {_key(name) for name in first.split(_delimiter(first))}
    return len(names & KNOWN) >= 2


def read(source: Source, run: Run) -> Iterator[Item]:
    """A note for each row; the header gives the columns."""
    # The module's own limit is 128 KiB, which a pasted article passes.
    csv.field_size_limit(FIELD_CHARS)
    skip = marked_encoding(source.head)[1]
    with source.open_raw() as raw:
        raw.read(skip)
        text = io.TextIOWrapper(raw, encoding=encoding_of(source.head), errors="replace", newline="")
        first = source.head_text.lstrip("\ufeff").partition("\n")[0]
        rows = csv.reader(text, delimiter=_delimiter(first))
        yield from _rows(rows, source, run)


def _rows(rows: Iterator[list[str]], source: Source, run: Run) -> Iterator[Item]:
    header: list[str] = []
    number = 0
    while True:
        number += 1
        where = f"{source.name}, row {number}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Failed(f"bad-row: {error}", where)
            continue
        if not any(cell.strip() for cell in row):
            continue
        if not header:
            header = [one_line(name, 100) or f"column {place}" for place, name in enumerate(row, start=1)]
            continue
        yield guarded(lambda header=header, row=row: _note(header, row, source), where)  # type: ignore[misc]


def _note(header: list[str], row: list[str], source: Source) -> ParsedDocument | Skipped:
    if len(row) > COLUMNS:
        raise Refused(f"bad-row: more than {COLUMNS} columns")
    names = header + [f"column {place}" for place in range(len(header) + 1, len(row) + 1)]
    cells = dict(zip(names, row, strict=False))
    by_key = {_key(name): name for name in reversed(header)}
    content = _first(cells, by_key, CONTENT)
    title, when, tags, identity = (_first(cells, by_key, keys) for keys in (TITLE, WHEN, TAGS, IDENTITY))
    used = {by_key[key] for key in KNOWN if key in by_key} if content else set()
    text = content or "\n".join(f"{name}: {clean(value).strip()}" for name, value in cells.items() if value.strip())
    rest = {name: value for name, value in cells.items() if name not in used and content and value.strip()}
    return ParsedDocument(
        external_id=one_line(identity, 200) or f"row:{digest(*row)}",
        title=one_line(title) or one_line(text, 80) or stem(source.name),
        content=text,
        occurred_at=parse_time(when),
        tags=tags_of(tags),
        metadata=metadata_of({"file": source.name, "columns": rest}),
        kind="note",
    )


def _first(cells: dict[str, str], by_key: dict[str, str], keys: tuple[str, ...]) -> str:
    values = (cells.get(by_key[key], "") for key in keys if key in by_key)
    return clean(next((value for value in values if value.strip()), ""))


def _key(name: str) -> str:
    return name.strip().strip("\"'").lower().replace(" ", "_")


def _delimiter(first: str) -> str:
    return max(",;\t|", key=first.count)
