"""Hands out embedding providers by name, one of each configuration per process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from memories.embedding.local import LocalProvider
from memories.embedding.preparation import prepare
from memories.embedding.protocol import EmbeddingProvider
from memshadow.lib.errors import ValidationFailed

__all__ = ["PROVIDERS", "get_provider", "prepare"]

PROVIDERS: dict[str, Callable[[Path, int], EmbeddingProvider]] = {"local": LocalProvider}

_lock = Lock()
_providers: dict[tuple[str, Path, int], EmbeddingProvider] = {}


def get_provider(name: str, folder: Path, threads: int = 1) -> EmbeddingProvider:
    """The provider `name` with its models under `folder`, using up to `threads` processor threads a call.

    Cheap: nothing is loaded before the first text. Raises ValidationFailed for a name that PROVIDERS lacks.
    """
    if name not in PROVIDERS:
        known = ", ".join(sorted(PROVIDERS))
        raise ValidationFailed(f"There is no embedding provider {name!r}. Choose one of: {known}.")
    key = (name, folder.resolve(), threads)
    with _lock:
        if key not in _providers:
            _providers[key] = PROVIDERS[name](key[1], threads)
        return _providers[key]
