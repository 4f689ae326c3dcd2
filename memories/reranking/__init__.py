"""Reading the best hits once more with a model that sees question and text together; optional, off by default."""

from memories.reranking.protocol import Passage, Reranker
from memories.reranking.registry import RERANKERS, configured, reranker

__all__ = ["RERANKERS", "Passage", "Reranker", "configured", "reranker"]
