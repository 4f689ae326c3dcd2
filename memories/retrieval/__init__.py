"""Finding memories: the public face of retrieval. How it works stands in the private modules beside this one."""

from memories.retrieval._audit import WalkRecall, walk_recall
from memories.retrieval._by_vector import by_vector
from memories.retrieval._ranking import SIGNALS
from memories.retrieval._request import (
    ARMS,
    NO_RERANK,
    Explanation,
    Hit,
    Moved,
    Reranking,
    SearchRequest,
    SearchResult,
    Signal,
)
from memories.retrieval._reranking import not_reranked
from memories.retrieval._search import related, search, vectors_of
from memories.retrieval._snippets import Snippet

__all__ = [
    "ARMS",
    "NO_RERANK",
    "SIGNALS",
    "Explanation",
    "Hit",
    "Moved",
    "Reranking",
    "SearchRequest",
    "SearchResult",
    "Signal",
    "Snippet",
    "WalkRecall",
    "by_vector",
    "not_reranked",
    "related",
    "search",
    "vectors_of",
    "walk_recall",
]
