"""What surrounds every provider: a cache by content, questions joined into batches, and statistics."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from memories.embedding.caching import VectorCache, key_of
from memories.embedding.microbatch import Microbatch
from memories.embedding.protocol import Backend, Embedded, QuestionVectors, Spans, TokenVectors, Vectors
from memories.embedding.statistics import Purpose, statistics

QUERY_CACHE_BYTES = 8 * 1024**2  # 250 questions of 20 tokens of 384 dimensions
DOCUMENT_CACHE_BYTES = 8 * 1024**2  # what a worker meets again: retries, edits of long texts, repeated phrases


class ServedProvider:
    """A provider as the product uses it; see `EmbeddingProvider`. One for each model and process."""

    def __init__(self, backend: Backend, label: str) -> None:
        """`label` is the model's name in the statistics."""
        self._backend, self._label = backend, label
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    @property
    def name(self) -> str:
        """The backend's."""
        return self._backend.name

    @property
    def dimension(self) -> int:
        """The backend's."""
        return self._backend.dimension

    @property
    def max_tokens(self) -> int:
        """The backend's."""
        return self._backend.max_tokens

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dimension) in the order of `texts`; equal texts are computed once."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        wanted: dict[bytes, list[int]] = {}
        for position, text in enumerate(texts):
            key = key_of(text)
            if (known := self._documents.get(key)) is not None:
                vectors[position] = known
            else:
                wanted.setdefault(key, []).append(position)
        self._count("document", len(texts), len(texts) - len(wanted))
        if wanted:
            made = self._timed("document", [texts[positions[0]] for positions in wanted.values()])
            for (key, positions), vector in zip(wanted.items(), made, strict=True):
                vectors[positions] = vector
                self._documents.put(key, vector)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """The vector (dimension,) of a question, read-only; the latest ones are remembered."""
        key = key_of(text)
        known = self._queries.get(key)
        self._count("query", 1, int(known is not None))
        return known if known is not None else self._queries.put(key, self._questions.ask(text))

    def embed_question(self, text: str) -> QuestionVectors:
        """The vectors of a question and of its tokens, read-only; remembered, and joined with what others ask now."""
        if not self._backend.has_tokens:
            return QuestionVectors(self.embed_query(text), np.empty((0, self.dimension), np.float32))
        key = key_of(text)
        known = self._with_tokens.get(key)
        self._count("query", 1, int(known is not None))
        rows = known if known is not None else self._with_tokens.put(key, self._asking.ask(text))
        return QuestionVectors(rows[0], rows[1:])

    def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text, its tokens' vectors (t, dimension); t is 0 where the provider gives none."""
        return [tokens.vectors for tokens in self.embed_with_tokens(texts).tokens]

    def embed_with_tokens(self, texts: Sequence[str]) -> Embedded:
        """Pooled and token vectors from one pass of the model; equal texts are computed once."""
        if not self._backend.has_tokens:
            return Embedded(self.embed_documents(texts), [no_tokens(self.dimension) for _ in texts])
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        self._count("document", len(texts), len(texts) - len(places))
        if not places:
            return Embedded(np.empty((0, self.dimension), np.float32), [])
        with statistics.timed(self._label, "document"):
            embedded, tokens = self._backend.embed_with_tokens(list(places), "document")
        statistics.count(self._label, "document", tokens=tokens)
        order = [places[text] for text in texts]
        return Embedded(embedded.sentences[order], [embedded.tokens[place] for place in order])

    def count_tokens(self, text: str) -> int:
        """How many tokens the whole text has."""
        return self._backend.count_tokens(text)

    def token_spans(self, text: str) -> Spans:
        """Character spans (t, 2) of the whole text's tokens."""
        return self._backend.token_spans(text)

    def _timed(self, purpose: Purpose, texts: list[str]) -> Vectors:
        with statistics.timed(self._label, purpose):
            vectors, tokens = self._backend.embed(texts, purpose)
        statistics.count(self._label, purpose, tokens=tokens)
        return vectors

    def _rows(self, texts: list[str]) -> list[Vectors]:
        """For each text its vector and, below it, those of its tokens (1 + t, dimension)."""
        with statistics.timed(self._label, "query"):
            embedded, tokens = self._backend.embed_with_tokens(texts, "query")
        statistics.count(self._label, "query", tokens=tokens)
        pairs = zip(embedded.sentences, embedded.tokens, strict=True)
        return [np.concatenate([sentence[None], own.vectors]) for sentence, own in pairs]

    def _count(self, purpose: Purpose, texts: int, cached: int) -> None:
        statistics.count(self._label, purpose, texts=texts, cached=cached)

    def _forget(self) -> None:
        """At the start, and in a forked child, where locks may be held by threads that are not there."""
        self._documents = VectorCache(DOCUMENT_CACHE_BYTES)
        self._queries = VectorCache(QUERY_CACHE_BYTES)
        self._with_tokens = VectorCache(QUERY_CACHE_BYTES)
        self._asking = Microbatch(self._rows, lanes=self._backend.query_lanes)
        self._questions = Microbatch(lambda texts: self._timed("query", texts), lanes=self._backend.query_lanes)


def no_tokens(dimension: int) -> TokenVectors:
    """The token vectors of a model that gives none."""
    return TokenVectors(np.empty(0, np.int32), np.empty((0, dimension), np.float32))
