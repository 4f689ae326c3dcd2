"""What every embedding provider offers, whatever model or machine is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
TokenIds = NDArray[np.int32]
Spans = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """One text's tokens without the model's own markers: ids (t,) and unit-length vectors (t, dimension)."""

    ids: TokenIds
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Embedded:
    """Pooled vectors (n, dimension) of n texts and, beside each, its token vectors."""

    sentences: Vectors
    tokens: list[TokenVectors]


@dataclass(frozen=True, slots=True)
class QuestionVectors:
    """A question's vector (dimension,) and those of the tokens that the model read (t, dimension); t may be 0."""

    sentence: Vectors
    tokens: Vectors


class EmbeddingProvider(Protocol):
    """A model that embeds text. All vectors are float32 of unit length, so that a dot product is the cosine.

    Any `str` is accepted, empty and malformed ones too; what exceeds `max_tokens` is cut off at the end.
    Implementations are safe to share between threads and to use after a fork.
    """

    @property
    def name(self) -> str:
        """Names model and precision; vectors under different names must never be compared."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text (as `count_tokens` counts) are read."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dimension) in the order of `texts`."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """The vector (dimension,) of a question; read-only, for it may come from a cache."""
        ...

    def embed_question(self, text: str) -> QuestionVectors:
        """The vectors of a question and of its tokens; read-only, for they may come from a cache."""
        ...

    def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text, its tokens' vectors (t, dimension) from the last layer; t is 0 for an empty text."""
        ...

    def embed_with_tokens(self, texts: Sequence[str]) -> Embedded:
        """Pooled and token vectors from one pass of the model."""
        ...

    def count_tokens(self, text: str) -> int:
        """How many tokens the whole text has, without the model's own markers."""
        ...

    def token_spans(self, text: str) -> Spans:
        """Character spans (t, 2) of the whole text's tokens, in order: text[start:end] is what a token stands for."""
        ...


class Backend(Protocol):
    """The part of a provider that runs one model; `serving.ServedProvider` makes the whole of it.

    Vectors, texts and threads are as in EmbeddingProvider. Raises Unavailable while the model cannot be run and
    ValidationFailed for a text that it refuses.
    """

    @property
    def name(self) -> str:
        """Names model and precision."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are read."""
        ...

    @property
    def has_tokens(self) -> bool:
        """Whether `embed_with_tokens` gives token vectors."""
        ...

    @property
    def query_lanes(self) -> int:
        """How many runs for questions are worth having at the same time."""
        ...

    def embed(self, texts: Sequence[str], purpose: Literal["document", "query"]) -> tuple[Vectors, int]:
        """Vectors (n, dimension) in the order of `texts`, and how many tokens the model read."""
        ...

    def embed_with_tokens(self, texts: Sequence[str], purpose: Literal["document", "query"]) -> tuple[Embedded, int]:
        """Pooled and token vectors from one pass, and how many tokens the model read."""
        ...

    def count_tokens(self, text: str) -> int:
        """How many tokens the whole text has."""
        ...

    def token_spans(self, text: str) -> Spans:
        """Character spans (t, 2) of the whole text's tokens, in order."""
        ...
