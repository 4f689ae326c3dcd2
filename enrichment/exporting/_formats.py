"""The formats of the graph, beside those of memories, on the page Export, by API and by the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from accounts.models import User
from enrichment.exporting._jsonld import jsonld_chunks
from enrichment.exporting._tables import entities_csv_chunks, facts_csv_chunks
from memories.exporters import ExportFormat, add_format
from memories.filters import MemoryFilter

_ACTIVE: Final = MemoryFilter()
_TABLE: Final = "text/csv; charset=utf-8"


def add_formats() -> None:
    """Offer them."""
    for known in (
        ExportFormat(
            "jsonld",
            "JSON-LD",
            "jsonld",
            "application/ld+json",
            _ACTIVE,
            jsonld_chunks,
            "Entities and facts with their times and sentences, as linked data.",
        ),
        ExportFormat(
            "graphml",
            "GraphML",
            "graphml",
            "application/graphml+xml",
            _ACTIVE,
            _graphml_chunks,
            "Entities and facts as a graph, for Gephi, yEd, Cytoscape and NetworkX.",
        ),
        ExportFormat(
            "facts-csv", "Facts as CSV", "csv", _TABLE, _ACTIVE, facts_csv_chunks, "One row a fact, for a spreadsheet."
        ),
        ExportFormat(
            "entities-csv",
            "People and things as CSV",
            "csv",
            _TABLE,
            _ACTIVE,
            entities_csv_chunks,
            "One row an entity, with all its names.",
        ),
    ):
        add_format(known)


def _graphml_chunks(owner: User, wanted: MemoryFilter) -> Iterator[bytes]:
    # Only when it is asked for: the library that writes XML takes memory.
    from enrichment.exporting._graphml import graphml_chunks

    return graphml_chunks(owner, wanted)
