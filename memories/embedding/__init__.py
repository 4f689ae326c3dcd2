"""Turning text into vectors: the provider protocol, the built-in local model and the registry that hands them out."""

from memories.embedding.protocol import Embedded, EmbeddingProvider, TokenVectors
from memories.embedding.registry import get_provider, prepare

__all__ = ["Embedded", "EmbeddingProvider", "TokenVectors", "get_provider", "prepare"]
