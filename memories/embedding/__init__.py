"""Turning text into vectors: the provider protocol, the providers and the registry that hands them out."""

from memories.embedding.describing import check_works, described
from memories.embedding.local import local_spec
from memories.embedding.protocol import Embedded, EmbeddingProvider, TokenVectors
from memories.embedding.registry import PROVIDERS, Machine, get_provider, open_provider, prepare
from memories.embedding.specification import POOLINGS, PRECISIONS, ModelSpec, Pooling, Precision

__all__ = [
    "POOLINGS",
    "PRECISIONS",
    "PROVIDERS",
    "Embedded",
    "EmbeddingProvider",
    "Machine",
    "ModelSpec",
    "Pooling",
    "Precision",
    "TokenVectors",
    "check_works",
    "described",
    "get_provider",
    "local_spec",
    "open_provider",
    "prepare",
]
