"""Hands out embedding providers, one for each model and process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock

from memories.embedding.local import LocalProvider, local_spec
from memories.embedding.openai import OpenAIProvider
from memories.embedding.preparation import prepare
from memories.embedding.protocol import Backend, EmbeddingProvider
from memories.embedding.sentence_transformers import SentenceTransformersProvider
from memories.embedding.serving import ServedProvider
from memories.embedding.specification import ModelSpec
from memshadow.lib.errors import ValidationFailed

__all__ = ["PROVIDERS", "Machine", "get_provider", "open_provider", "prepare"]


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine gives a provider: a folder for prepared models, processor threads a call, the network."""

    folder: Path
    threads: int = 1
    downloads: bool = False


PROVIDERS: dict[str, Callable[[ModelSpec, Machine], Backend]] = {
    "local": lambda spec, machine: LocalProvider(machine.folder, machine.threads, spec.precision),
    "sentence-transformers": lambda spec, machine: SentenceTransformersProvider(
        spec, machine.threads, downloads=machine.downloads
    ),
    "openai": lambda spec, machine: OpenAIProvider(spec),
}

_lock = Lock()
_providers: dict[tuple[ModelSpec, Machine], EmbeddingProvider] = {}


def open_provider(spec: ModelSpec, machine: Machine, *, label: str = "") -> EmbeddingProvider:
    """The provider that runs `spec`.

    Cheap: nothing is loaded before the first text. `label` names the model in the statistics, else its own name does.
    Raises ValidationFailed for a provider that PROVIDERS lacks.
    """
    if spec.provider not in PROVIDERS:
        known = ", ".join(sorted(PROVIDERS))
        raise ValidationFailed(f"There is no embedding provider {spec.provider!r}. Choose one of: {known}.")
    key = (spec, replace(machine, folder=_resolved(machine.folder)))
    with _lock:
        if key not in _providers:
            backend = PROVIDERS[spec.provider](*key)
            _providers[key] = ServedProvider(backend, label or backend.name)
        return _providers[key]


@cache
def _resolved(folder: Path) -> Path:
    return folder.resolve()


def get_provider(name: str, folder: Path, threads: int = 1) -> EmbeddingProvider:
    """The provider `name` with its default model, models under `folder`, and so many threads a call."""
    spec = local_spec("int8") if name == "local" else ModelSpec(provider=name, model="", dimension=0)
    return open_provider(spec, Machine(folder, threads))
