"""Finding memories: the public face of retrieval. How it works stands in the private modules beside this one."""

from memories.retrieval._audit import WalkRecall, walk_recall
from memories.retrieval._ranking import SIGNALS
from memories.retrieval._request import ARMS, Explanation, Hit, SearchRequest, SearchResult, Signal
from memories.retrieval._search import related, search
from memories.retrieval._snippets import Snippet

__all__ = [
    "ARMS",
    "SIGNALS",
    "Explanation",
    "Hit",
    "SearchRequest",
    "SearchResult",
    "Signal",
    "Snippet",
    "WalkRecall",
    "related",
    "search",
    "walk_recall",
]
