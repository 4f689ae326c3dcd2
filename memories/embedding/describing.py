"""Completes what a person said of a model with what the model says of itself, by running it once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from memories.embedding.local import local_spec
from memories.embedding.openai import QUERY_PATIENCE, DimensionDiffers, OpenAIProvider
from memories.embedding.registry import Machine, open_provider
from memories.embedding.sentence_transformers import SentenceTransformersProvider
from memories.embedding.specification import ModelSpec
from memshadow.lib.errors import ValidationFailed

_TEXTS = ["A sentence to be measured.", "And another one."]
_ASKED_OF_ALL = 1_024  # a dimension to begin with where the model's is not known yet


def described(spec: ModelSpec, machine: Machine) -> ModelSpec:
    """The spec with dimension, window, prefixes and scale. `dimension` 0 asks for the model's own.

    Raises Unavailable when the model is not there or does not answer, ValidationFailed for an unknown provider.
    """
    if spec.provider not in _DESCRIBERS:
        raise ValidationFailed(
            f"There is no embedding provider {spec.provider!r}. Choose one of: {', '.join(sorted(_DESCRIBERS))}.",
            field="provider",
        )
    return _DESCRIBERS[spec.provider](spec, machine)


def check_works(spec: ModelSpec, machine: Machine, *, label: str = "") -> None:
    """Run the model once, under that name in the statistics.

    Raises Unavailable when it is not there, does not answer or has become another one.
    """
    # A text that no cache knows.
    vectors = open_provider(spec, machine, label=label).embed_documents([f"Checked at {time.time_ns()}."])
    if vectors.shape != (1, spec.dimension):
        raise DimensionDiffers(f"The model {spec.model} gives vectors of another length now; add it anew.")


def _of_openai(spec: ModelSpec, machine: Machine) -> ModelSpec:
    del machine
    if not spec.endpoints:
        raise ValidationFailed("Say where the server is, such as http://127.0.0.1:11434/v1.", field="endpoints")
    asked = replace(spec, dimension=spec.dimension or _ASKED_OF_ALL, shortened=False, scale=1.0)
    try:
        vectors = _embedded(asked)
    except DimensionDiffers as error:
        # Only a server that gives another length by itself is asked to shorten: many refuse the question.
        own = int(str(error.details["found"]))
        asked = replace(asked, dimension=spec.dimension or own, shortened=bool(spec.dimension))
        vectors = _embedded(asked)
    return replace(asked, scale=1.0 if spec.normalise else float(1 / np.linalg.norm(vectors, axis=1).mean()))


def _embedded(spec: ModelSpec) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return OpenAIProvider(spec, document_patience=QUERY_PATIENCE).embed(_TEXTS, "document")[0]


_DESCRIBERS: dict[str, Callable[[ModelSpec, Machine], ModelSpec]] = {
    "local": lambda spec, machine: local_spec(spec.precision),
    "sentence-transformers": lambda spec, machine: SentenceTransformersProvider(
        spec, machine.threads, downloads=machine.downloads
    ).described(),
    "openai": _of_openai,
}
