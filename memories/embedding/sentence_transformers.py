"""Any model of sentence-transformers, by its hub name or a folder, on a GPU where there is one; optional."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np

from memories.embedding.estimation import estimated_count, estimated_spans
from memories.embedding.protocol import Embedded, Spans, TokenVectors, Vectors
from memories.embedding.specification import ModelSpec
from memories.embedding.vectors import finished
from memories.embedding.wordpieces import Wordpieces, well_formed
from memshadow.lib.errors import Unavailable

INSTALL = "Install it with `pip install 'memshadow[transformers]'` (about 1 GB, with PyTorch), then restart."
MAX_TOKENS = 512  # of a chunk; models that read more find it less well in more text
_BATCH_TEXTS = 32


class SentenceTransformersProvider:
    """A `protocol.Backend`. The model is loaded at first use; cutting texts into chunks needs its tokenizer alone."""

    query_lanes = 1

    def __init__(self, spec: ModelSpec, threads: int = 1, *, downloads: bool = False) -> None:
        """`downloads`: whether a model that is not on this machine may be fetched from the hub."""
        self.name = f"sentence-transformers/{spec.model}"
        self.dimension, self.max_tokens = spec.dimension, spec.max_tokens
        self._spec, self._threads, self._downloads = spec, threads, downloads
        self._lock = Lock()
        self._loaded: Any = None
        os.register_at_fork(after_in_child=self._forget)

    @property
    def has_tokens(self) -> bool:
        """Whether the model is a transformer: static and bag-of-words models have no vectors in context."""
        return self._tokens is not None

    def embed(self, texts: Sequence[str], purpose: Literal["document", "query"]) -> tuple[Vectors, int]:
        """Vectors (n, dimension) in the order of `texts`, and how many tokens were read."""
        prefix = self._prefix(purpose)
        given = [prefix + well_formed(text) for text in texts]
        vectors = np.asarray(self._encode(given), np.float32).reshape(len(texts), -1)
        return self._checked(vectors), sum(min(self.count_tokens(text), self.max_tokens) for text in texts)

    def embed_with_tokens(self, texts: Sequence[str], purpose: Literal["document", "query"]) -> tuple[Embedded, int]:
        """Pooled and token vectors from one pass of the model, and how many tokens were read."""
        prefix = self._prefix(purpose)
        rows = self._encode([prefix + well_formed(text) for text in texts], output_value=None)
        pooled = np.stack([_array(row["sentence_embedding"]) for row in rows])
        tokens = list(self._token_vectors(rows, self.count_tokens(prefix)))
        return Embedded(self._checked(pooled), tokens), sum(len(row["input_ids"]) for row in rows)

    def count_tokens(self, text: str) -> int:
        """How many tokens the whole text has; an estimate for a model without a tokenizer.json."""
        return self._tokens.count(text) if self._tokens else estimated_count(text)

    def token_spans(self, text: str) -> Spans:
        """Character spans (t, 2) of the whole text's tokens."""
        return self._tokens.spans(text) if self._tokens else estimated_spans(text)

    def described(self) -> ModelSpec:
        """The spec with what the model says of itself: dimension, window, and prefixes unless some were given."""
        model = self._model
        vectors = np.asarray(self._encode(["A sentence to be measured.", "And another one."]), np.float32)
        window = int(model.max_seq_length or MAX_TOKENS) - 2
        prompts = model.prompts or {}
        return replace(
            self._spec,
            dimension=vectors.shape[1],
            max_tokens=min(MAX_TOKENS, window),
            query_prefix=self._spec.query_prefix or prompts.get("query") or "",
            document_prefix=self._spec.document_prefix or prompts.get("document") or prompts.get("passage") or "",
            scale=1.0 if self._spec.normalise else float(1 / np.linalg.norm(vectors, axis=1).mean()),
        )

    def _prefix(self, purpose: Literal["document", "query"]) -> str:
        return self._spec.query_prefix if purpose == "query" else self._spec.document_prefix

    def _encode(self, texts: list[str], **options: Any) -> Any:
        options = {"batch_size": _BATCH_TEXTS, "show_progress_bar": False, "prompt": ""} | options
        # One at a time: the tokenizer changes its own settings in each call.
        model = self._model
        with self._lock:
            return model.encode(texts, **options)

    def _token_vectors(self, rows: Sequence[Any], prefix_tokens: int) -> Iterator[TokenVectors]:
        tokenizer = self._model.tokenizer
        special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
        for row in rows:
            ids = _array(row["input_ids"]).astype(np.int32)
            vectors = _array(row["token_embeddings"])[: len(ids)]
            kept = np.flatnonzero([number not in special for number in ids.tolist()])[prefix_tokens:]
            norms = np.linalg.norm(vectors[kept], axis=1, keepdims=True)
            yield TokenVectors(ids[kept], (vectors[kept] / np.maximum(norms, 1e-12)).astype(np.float32))

    def _checked(self, vectors: Vectors) -> Vectors:
        if len(vectors) and vectors.shape[1] != self.dimension:
            raise Unavailable(
                f"The model {self._spec.model} gives vectors of {vectors.shape[1]} numbers where {self.dimension} are "
                "expected: the folder holds another model now. Nothing of it was stored."
            )
        return finished(vectors, self._spec)

    @property
    def _model(self) -> Any:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = _load(self._spec, self._threads, downloads=self._downloads)
        return self._loaded

    @cached_property
    def _tokens(self) -> Wordpieces | None:
        path = _tokenizer_file(self._spec.model)
        if path is None and self._downloads:
            # Loading it fetches the file.
            path = _tokenizer_file(self._spec.model) if self._model else None
        return Wordpieces(path) if path else None

    def _forget(self) -> None:
        """In a forked child: PyTorch's threads and the GPU's context are the parent's."""
        self._lock = Lock()
        self._loaded = None


def stays_offline(*, downloads: bool) -> bool:
    """Whether only models on this machine are loaded: unless downloads are allowed and HF_HUB_OFFLINE is not set."""
    return not downloads or os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")


def _load(spec: ModelSpec, threads: int, *, downloads: bool) -> Any:
    """The model. Raises Unavailable when the library or the model is missing."""
    try:
        import sentence_transformers
        import torch
    except ImportError as error:
        raise Unavailable(f"The package sentence-transformers is not installed. {INSTALL}") from error
    torch.set_num_threads(threads)
    offline = stays_offline(downloads=downloads)
    try:
        model = sentence_transformers.SentenceTransformer(spec.model, local_files_only=offline, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(
            f"The model {spec.model} is not on this machine or is not complete. Give the path of its "
            "folder, or let it be fetched with MEMSHADOW_MODEL_DOWNLOADS=true."
        ) from error
    _set_pooling(model, spec)
    # '[SEP]' in a text is the plain word that it is.
    model.tokenizer.split_special_tokens = True
    return model


def _set_pooling(model: Any, spec: ModelSpec) -> None:
    if not spec.pooling:
        return
    for place, module in enumerate(model):
        if type(module).__name__ == "Pooling":
            size = getattr(module, "embedding_dimension", None) or module.word_embedding_dimension
            model[place] = type(module)(size, pooling_mode=spec.pooling)
            return
    raise Unavailable(f"The model {spec.model} has no pooling that could be set to {spec.pooling}.")


def _tokenizer_file(model: str) -> Path | None:
    """The model's tokenizer.json on this machine, found without loading PyTorch."""
    folder = Path(model)
    if folder.is_dir():
        candidates = [folder / "tokenizer.json", folder / "0_Transformer" / "tokenizer.json"]
        return next((path for path in candidates if path.is_file()), None)
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    found = try_to_load_from_cache(model, "tokenizer.json")
    return Path(found) if isinstance(found, str) else None


def _array(value: Any) -> Any:
    """A tensor, wherever it is, as a NumPy array."""
    plain = value.detach().cpu() if hasattr(value, "detach") else value
    return np.asarray(plain.float() if hasattr(plain, "is_floating_point") and plain.is_floating_point() else plain)
