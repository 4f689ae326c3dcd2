"""The graph as files: entities and facts as JSON-LD, GraphML and CSV, streamed."""

from enrichment.exporting._formats import add_formats

__all__ = ["add_formats"]
