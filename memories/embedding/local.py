"""The built-in provider: all-MiniLM-L6-v2 on ONNX Runtime, quantised to int8, on the processor and offline."""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np

from memories.embedding.batching import pad, plan_batches
from memories.embedding.preparation import GRAPH_FILE, MODEL, PRECISION, TOKENIZER_FILE, prepare
from memories.embedding.protocol import Embedded, Spans, TokenVectors, Vectors
from memories.embedding.runtime import Session, open_session
from memories.embedding.wordpieces import MARKERS, Wordpieces

DIMENSION = 384
# What the model was published with. Reading 512, which its positions allow, lowers recall@10 from .580 to .562 (BEAM
# 100k, long turns), for it was not trained on longer texts.
WINDOW = 256
PAD_ID = 0
# What a core's cache holds: batches of 4,096 tokens run at 0.7 of this one's speed and take more memory.
BATCH_TOKENS_A_THREAD = 512
CACHED_QUERIES = 1024


class LocalProvider:
    """all-MiniLM-L6-v2. The model is loaded at first use, in each process by itself, and prepared if need be.

    `threads` is how many processor threads one call may use; calls from several threads run at the same time.
    """

    name = f"local/{MODEL}/{PRECISION}"
    dimension = DIMENSION
    max_tokens = WINDOW - MARKERS

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """`folder`: where prepared models live (see `preparation.prepare`)."""
        self._folder = folder
        self._threads = threads
        self._lock = Lock()
        self._loaded: _Model | None = None
        self._queries = _QueryCache(CACHED_QUERIES)
        os.register_at_fork(after_in_child=self._forget)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, 384) in the order of `texts`."""
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        for positions, _, (sentences,) in self._run(texts, ["sentence"]):
            vectors[positions] = sentences
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """The vector (384,) of a question, read-only; the latest ones are remembered."""
        cached = self._queries.get(text)
        if cached is None:
            cached = self.embed_documents([text])[0]
            cached.setflags(write=False)
            self._queries.put(text, cached)
        return cached

    def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text, its tokens' vectors (t, 384)."""
        return [tokens.vectors for tokens in self.embed_with_tokens(texts).tokens]

    def embed_with_tokens(self, texts: Sequence[str]) -> Embedded:
        """Pooled and token vectors from one pass of the model."""
        sentences = np.empty((len(texts), DIMENSION), np.float32)
        tokens: dict[int, TokenVectors] = {}
        for positions, inputs, (pooled, states) in self._run(texts, ["sentence", "tokens"]):
            sentences[positions] = pooled
            for position, ids, vectors in zip(positions, inputs, states, strict=True):
                # A copy, for a view would keep the whole padded batch alive.
                own = vectors[1 : len(ids) - 1].copy()
                tokens[position] = TokenVectors(np.asarray(ids[1:-1], np.int32), own)
        return Embedded(sentences, [tokens[position] for position in range(len(texts))])

    def count_tokens(self, text: str) -> int:
        """How many tokens the whole text has, without [CLS] and [SEP]."""
        return self._model.tokenizer.count(text)

    def token_spans(self, text: str) -> Spans:
        """Character spans (t, 2) of the whole text's tokens."""
        return self._model.tokenizer.spans(text)

    def _run(
        self, texts: Sequence[str], outputs: list[str]
    ) -> Iterator[tuple[list[int], list[list[int]], list[Vectors]]]:
        """For each batch: the texts' positions, the ids given to the model, and the outputs asked for."""
        if not texts:
            return
        model = self._model
        ids = model.tokenizer.model_inputs(texts, self.max_tokens)
        for positions in plan_batches([len(row) for row in ids], BATCH_TOKENS_A_THREAD * self._threads):
            rows = [ids[position] for position in positions]
            yield positions, rows, model.session.run(outputs, {"ids": pad(rows, PAD_ID)})

    @property
    def _model(self) -> _Model:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = _Model(prepare(self._folder), self._threads)
        return self._loaded

    def _forget(self) -> None:
        """In a forked child: the parent's session has no running threads here, and its lock may be held."""
        self._lock = Lock()
        if self._loaded is not None:
            # Its destructor would wait for ever for threads that the fork did not copy.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._loaded))
        self._loaded = None
        self._queries = _QueryCache(CACHED_QUERIES)


class _Model:
    """A prepared model in memory: tokenizer at once, session when first needed, for counting needs none."""

    def __init__(self, ready: Path, threads: int) -> None:
        self._ready = ready
        self._threads = threads
        self._lock = Lock()
        self.tokenizer = Wordpieces(ready / TOKENIZER_FILE)

    @property
    def session(self) -> Session:
        with self._lock:
            return self._session

    @cached_property
    def _session(self) -> Session:
        return open_session(self._ready / GRAPH_FILE, self._threads)


class _QueryCache:
    """The latest queries' vectors, under a digest of the text, so that no question lies about in memory."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()

    def get(self, text: str) -> Vectors | None:
        key = self._key(text)
        with self._lock:
            if (vector := self._vectors.get(key)) is not None:
                self._vectors.move_to_end(key)
            return vector

    def put(self, text: str, vector: Vectors) -> None:
        with self._lock:
            self._vectors[self._key(text)] = vector
            if len(self._vectors) > self._size:
                self._vectors.popitem(last=False)

    @staticmethod
    def _key(text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
