"""Which embedding model is in use, and the provider that runs it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings

from memories.embedding import EmbeddingProvider, get_provider
from memories.models import EmbeddingModel
from memshadow.lib.errors import Unavailable

_CACHE_S = 10.0
_cached: tuple[float, Generation] | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of vectors: the model's row in short."""

    id: int
    name: str
    provider_name: str
    dimension: int

    @property
    def provider(self) -> EmbeddingProvider:
        """The provider of this process for the model."""
        return get_provider(self.provider_name, settings.MODELS_DIR, settings.EMBEDDING_THREADS)


def active() -> Generation:
    """The generation that search reads and indexing writes. Raises Unavailable before the first migration."""
    global _cached
    if _cached is None or time.monotonic() - _cached[0] > _CACHE_S:
        row = EmbeddingModel.objects.filter(state=EmbeddingModel.State.ACTIVE).first()
        if row is None:
            raise Unavailable("No embedding model is active; run manage.py migrate.")
        _cached = (time.monotonic(), Generation(row.id, row.name, row.provider, row.dimension))
    return _cached[1]
