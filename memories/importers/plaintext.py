"""Plain text files, in any encoding."""

from __future__ import annotations

from collections.abc import Iterator

from memories.importers._documents import document, whole_text
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers.items import Item

EXTENSIONS = {"txt", "text", "log", "rst", "org", "adoc", "tex"}


def recognises(source: Source) -> bool:
    """Any text when it is given alone; within an archive only what is named so, since code and
    configuration are text too.
    """
    return source.is_text and (not source.in_archive or source.extension in EXTENSIONS)


def read(source: Source, run: Run) -> Iterator[Item]:
    """One document."""
    yield document(source, whole_text(source).strip("\n"))
