"""Models behind an OpenAI-compatible `/v1/embeddings`: OpenAI itself, vLLM, llama.cpp, Ollama and others."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from memories.embedding.batching import plan_batches
from memories.embedding.estimation import cut_to, estimated_count, estimated_spans
from memories.embedding.failover import Failover
from memories.embedding.protocol import Embedded, Spans, Vectors
from memories.embedding.specification import ModelSpec
from memories.embedding.vectors import finished
from memshadow.lib.errors import Unavailable
from memshadow.lib.model_server import Endpoint, ModelServer, Patience

if TYPE_CHECKING:
    import httpx

BATCH_TEXTS = 64
BATCH_TOKENS = 32_000
QUERY_LANES = 4  # requests for questions under way at once; more wait and go together

# A question's search goes on by words alone when the model is late; a document waits for its turn again.
QUERY_PATIENCE = Patience(attempts=2, timeout_s=5.0, total_s=6.0, first_pause_s=0.2)
DOCUMENT_PATIENCE = Patience(attempts=5, timeout_s=60.0, total_s=120.0)


class OpenAIProvider:
    """A `protocol.Backend`. The model's tokenizer is unknown, so tokens are estimated; it gives no token vectors."""

    has_tokens = False
    query_lanes = QUERY_LANES

    def __init__(
        self,
        spec: ModelSpec,
        *,
        query_patience: Patience = QUERY_PATIENCE,
        document_patience: Patience = DOCUMENT_PATIENCE,
    ) -> None:
        self.name = f"openai/{spec.model}"
        self.dimension, self.max_tokens = spec.dimension, spec.max_tokens
        self._spec = spec
        self._patience = {"query": query_patience, "document": document_patience}
        keys = spec.api_keys if len(spec.api_keys) != 1 else spec.api_keys * len(spec.endpoints)
        keys = (*keys, *[""] * (len(spec.endpoints) - len(keys)))
        pairs = zip(spec.endpoints, keys, strict=False)
        self._failover = Failover([Endpoint(f"{url.rstrip('/')}/embeddings", key) for url, key in pairs])
        self._server = ModelServer("embedding", spec.model)

    def embed(self, texts: Sequence[str], purpose: Literal["document", "query"]) -> tuple[Vectors, int]:
        """Vectors (n, dimension) in the order of `texts`, and the tokens that the server says it read."""
        prefix = self._spec.query_prefix if purpose == "query" else self._spec.document_prefix
        inputs = [prefix + (cut_to(text, self.max_tokens).strip() or " ") for text in texts]
        vectors = np.empty((len(texts), self.dimension), np.float32)
        read = 0
        lengths = [estimated_count(text) for text in inputs]
        for part in plan_batches(lengths, BATCH_TOKENS, most_texts=BATCH_TEXTS, run_tokens=BATCH_TOKENS):
            batch = [inputs[position] for position in part]
            vectors[part], tokens = self._failover.call(
                lambda endpoint, batch=batch: self._asked(endpoint, batch, self._patience[purpose])  # type: ignore[misc]
            )
            read += tokens
        return finished(vectors, self._spec), read

    def embed_with_tokens(self, texts: Sequence[str], purpose: Literal["document", "query"]) -> tuple[Embedded, int]:
        """Pooled vectors only: such servers give no others."""
        vectors, read = self.embed(texts, purpose)
        return Embedded(vectors, []), read

    def count_tokens(self, text: str) -> int:
        """An estimate from above."""
        return estimated_count(text)

    def token_spans(self, text: str) -> Spans:
        """Pieces of the size of a token, or smaller."""
        return estimated_spans(text)

    def _asked(self, endpoint: Endpoint, batch: list[str], patience: Patience) -> tuple[Vectors, int]:
        """One endpoint's answer."""
        body: dict[str, Any] = {"model": self._spec.model, "input": batch, "encoding_format": "float"}
        if self._spec.shortened:
            body["dimensions"] = self.dimension
        response = self._server.ask(endpoint, body, patience)
        return _vectors_of(response, len(batch), self.dimension, endpoint.url)


def _vectors_of(response: httpx.Response, count: int, dimension: int, url: str) -> tuple[Vectors, int]:
    """The vectors in the order of the request. Raises Unavailable when they are not what was asked for."""
    try:
        body = response.json()
        items = sorted(body["data"], key=lambda item: item.get("index", 0))
        rows = [_row(item["embedding"]) for item in items]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unavailable(f"{url} does not speak the embeddings protocol of OpenAI ({error}).") from error
    if len(rows) != count:
        raise Unavailable(f"The embedding server at {url} gave {len(rows)} vectors for {count} texts.")
    lengths = sorted({len(row) for row in rows} - {dimension})
    if lengths:
        raise DimensionDiffers(
            f"The embedding server at {url} gives vectors of {lengths[0]} numbers where {dimension} are expected: "
            "it runs another model. Nothing of it was stored.",
            found=lengths[0],
        )
    usage = body.get("usage") or {}
    return np.stack(rows), int(usage.get("total_tokens") or usage.get("prompt_tokens") or 0)


def _row(embedding: Any) -> Vectors:
    """Numbers, or base64 of little-endian float32, which some servers send whatever they were asked for."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding), "<f4").astype(np.float32)
    return np.asarray(embedding, np.float32)


class DimensionDiffers(Unavailable):
    """The server's vectors have another length than the model's."""

    code = "dimension-differs"
