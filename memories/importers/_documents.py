"""What the readers of texts share: the whole file in memory within its limit, and a document made of it."""

from __future__ import annotations

from typing import Any

from memories.importers._clean import clean, metadata_of, one_line, stem
from memories.importers._sources import Source
from memories.importers._text import decode
from memories.importers._time import parse_time
from memories.importers.items import ParsedDocument, Refused, Skipped
from memories.importers.limits import MIB

EMPTY = "empty: no text in it"


def whole_text(source: Source) -> str:
    """The file as text, in whatever encoding; raises Refused above the limit."""
    limit = source.limits.text_bytes
    with source.open_raw() as stream:
        raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise Refused(f"too-large: more than {limit // MIB} MiB of text in one file")
    return clean(decode(raw))


def document(
    source: Source,
    content: str,
    *,
    title: object = "",
    at: object = None,
    tags: tuple[str, ...] = (),
    metadata: dict[str, Any] | None = None,
) -> ParsedDocument | Skipped:
    """A document known by its path; Skipped when there is no text. The archive's date is only noted: it
    tells when the file was saved, without a time zone.
    """
    if not content.strip():
        return Skipped(EMPTY, source.name)
    saved = source.modified.isoformat() if source.modified else None
    return ParsedDocument(
        external_id=source.name,
        title=one_line(title) or stem(source.name),
        content=content,
        occurred_at=parse_time(at),
        tags=tags,
        metadata=metadata_of({"file": source.name, "file_modified": saved, **(metadata or {})}),
    )
