"""The built-in provider: all-MiniLM-L6-v2 on ONNX Runtime, in int8 or float32, on the processor and offline."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Literal

import numpy as np

from memories.embedding.batching import pad, plan_batches
from memories.embedding.preparation import GRAPH_FILE, MODEL, TOKENIZER_FILE, prepare
from memories.embedding.protocol import Embedded, Spans, TokenVectors, Vectors
from memories.embedding.runtime import Session, open_session
from memories.embedding.specification import ModelSpec, Precision
from memories.embedding.wordpieces import MARKERS, Wordpieces

DIMENSION = 384
# What the model was published with. Reading 512, which its positions allow, lowers recall@10 from .580 to .562 (BEAM
# 100k, long turns), for it was not trained on longer texts.
WINDOW = 256
PAD_ID = 0
# What a core's cache holds: batches of 4,096 tokens run at 0.7 of this one's speed and take more memory.
BATCH_TOKENS_A_THREAD = 512


class LocalProvider:
    """all-MiniLM-L6-v2, a `protocol.Backend`. Each process loads the model at first use, and prepares it if need be.

    `threads` is how many processor threads one call may use; calls from several threads run at the same time.
    """

    dimension = DIMENSION
    max_tokens = WINDOW - MARKERS
    has_tokens = True

    def __init__(self, folder: Path, threads: int = 1, precision: Precision = "int8") -> None:
        """`folder`: where prepared models live (see `preparation.prepare`)."""
        self.name = f"local/{MODEL}/{precision}"
        # A run a core: more would only make each other wait, so what arrives meanwhile runs together.
        self.query_lanes = max(1, (os.cpu_count() or 1) // threads)
        self._folder = folder
        self._threads = threads
        self._precision: Precision = precision
        self._lock = Lock()
        self._loaded: _Model | None = None
        os.register_at_fork(after_in_child=self._forget)

    def embed(self, texts: Sequence[str], purpose: Literal["document", "query"] = "document") -> tuple[Vectors, int]:
        """Vectors (n, 384) in the order of `texts`, and the tokens read. This model treats questions like documents."""
        del purpose
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        read = 0
        for positions, inputs, (sentences,) in self._run(texts, ["sentence"]):
            vectors[positions] = sentences
            read += sum(map(len, inputs))
        return vectors, read

    def embed_with_tokens(
        self, texts: Sequence[str], purpose: Literal["document", "query"] = "document"
    ) -> tuple[Embedded, int]:
        """Pooled and token vectors from one pass of the model, and the tokens read."""
        del purpose
        sentences = np.empty((len(texts), DIMENSION), np.float32)
        tokens: dict[int, TokenVectors] = {}
        read = 0
        for positions, inputs, (pooled, states) in self._run(texts, ["sentence", "tokens"]):
            sentences[positions] = pooled
            read += sum(map(len, inputs))
            for position, ids, vectors in zip(positions, inputs, states, strict=True):
                # A copy, for a view would keep the whole padded batch alive.
                own = vectors[1 : len(ids) - 1].copy()
                tokens[position] = TokenVectors(np.asarray(ids[1:-1], np.int32), own)
        return Embedded(sentences, [tokens[position] for position in range(len(texts))]), read

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
                    self._loaded = _Model(prepare(self._folder, self._precision), self._threads)
        return self._loaded

    def _forget(self) -> None:
        """In a forked child: the parent's session has no running threads here, and its lock may be held."""
        self._lock = Lock()
        if self._loaded is not None:
            # Its destructor would wait for ever for threads that the fork did not copy.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._loaded))
        self._loaded = None


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


def local_spec(precision: Precision) -> ModelSpec:
    """What the registry and the models' table know of this provider's model."""
    return ModelSpec(
        provider="local", model=MODEL, dimension=DIMENSION, max_tokens=LocalProvider.max_tokens, precision=precision
    )
