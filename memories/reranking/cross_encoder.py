"""Any CrossEncoder of sentence-transformers, by its hub name or a folder, on a GPU where there is one; optional."""

from __future__ import annotations

import os
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np

from memories.embedding.sentence_transformers import INSTALL, stays_offline
from memories.embedding.wordpieces import well_formed
from memories.reranking.protocol import Passage, Scores
from memshadow.lib.errors import Unavailable

_BATCH_PAIRS = 32
_PASSAGE_CHARS = 2_000  # about the 512 tokens that most of these models read, question included


class CrossEncoderReranker:
    """A `protocol.Reranker`. The model is loaded at first use and stays in the process."""

    def __init__(self, model: str, threads: int = 1, *, downloads: bool = False) -> None:
        """`downloads`: whether a model that is not on this machine may be fetched from the hub."""
        self.name = model
        self._threads, self._downloads = threads, downloads
        self._lock = Lock()
        self._loaded: Any = None
        os.register_at_fork(after_in_child=self._forget)

    def scores(self, question: str, passages: Sequence[Passage]) -> Scores:
        """The model's scores (n,). Raises Unavailable when the library or the model is missing or fails."""
        asked = well_formed(question)
        pairs = [(asked, well_formed(_spoken(passage))) for passage in passages]
        with self._lock:  # One at a time: the tokenizer changes its own settings in each call.
            if self._loaded is None:
                self._loaded = _load(self.name, self._threads, downloads=self._downloads)
            try:
                given = self._loaded.predict(pairs, batch_size=_BATCH_PAIRS, show_progress_bar=False)
            except (RuntimeError, ValueError, IndexError) as error:
                trouble = type(error).__name__
                raise Unavailable(f"The cross-encoder {self.name} failed ({trouble}).", trouble=trouble) from error
        return _checked(np.asarray(given, np.float32), len(passages), self.name)

    def _forget(self) -> None:
        """In a forked child: PyTorch's threads and the GPU's context are the parent's."""
        self._lock = Lock()
        self._loaded = None


def _spoken(passage: Passage) -> str:
    text = passage.text[:_PASSAGE_CHARS]
    return f"{passage.author}: {text}" if passage.author else text


def _load(model: str, threads: int, *, downloads: bool) -> Any:
    try:
        import torch
        from sentence_transformers import CrossEncoder
    except ImportError as error:
        raise Unavailable(
            f"The package sentence-transformers is not installed. {INSTALL}", trouble="not installed"
        ) from error
    torch.set_num_threads(threads)
    try:
        loaded = CrossEncoder(model, local_files_only=stays_offline(downloads=downloads), trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(
            f"The cross-encoder {model} is not on this machine or is not complete. Set "
            "MEMSHADOW_RERANK_CROSS_ENCODER to the path of its folder, or let it be fetched with "
            "MEMSHADOW_MODEL_DOWNLOADS=true.",
            trouble="no such model",
        ) from error
    # '[SEP]' in a text is the plain word that it is.
    loaded.tokenizer.split_special_tokens = True
    return loaded


def _checked(given: Scores, count: int, model: str) -> Scores:
    if given.shape != (count,) or not np.isfinite(given).all():
        raise Unavailable(
            f"The model {model} does not give one number a passage: it is no cross-encoder for reranking. Name another "
            "in MEMSHADOW_RERANK_CROSS_ENCODER.",
            trouble="no score a passage",
        )
    return given
