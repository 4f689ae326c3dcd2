"""Finding memories: the public face of retrieval. How it works stands in the private modules beside this one."""

from memories.retrieval._search import (
    Explanation,
    Hit,
    SearchRequest,
    SearchResult,
    related,
    search,
)
from memories.retrieval._snippets import Snippet

__all__ = ["Explanation", "Hit", "SearchRequest", "SearchResult", "Snippet", "related", "search"]
