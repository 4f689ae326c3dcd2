"""Models behind an OpenAI-compatible `/v1/embeddings`: OpenAI itself, vLLM, llama.cpp, Ollama and others."""

from __future__ import annotations

import base64
import os
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from memories.embedding.batching import plan_batches
from memories.embedding.estimation import cut_to, estimated_count, estimated_spans
from memories.embedding.failover import Failover
from memories.embedding.protocol import Embedded, Spans, Vectors
from memories.embedding.specification import ModelSpec
from memories.embedding.vectors import finished
from memshadow.lib.errors import Unavailable, ValidationFailed

if TYPE_CHECKING:
    import httpx

BATCH_TEXTS = 64
BATCH_TOKENS = 32_000
QUERY_LANES = 4  # requests for questions under way at once; more wait and go together
_RETRIED: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to keep at it: attempts at one endpoint, seconds for one answer, and seconds for all of it together."""

    attempts: int
    timeout_s: float
    total_s: float
    first_pause_s: float = 0.5
    longest_pause_s: float = 20.0


# A question's search goes on by words alone when the model is late; a document waits for its turn again.
QUERY_PATIENCE = Patience(attempts=2, timeout_s=5.0, total_s=6.0, first_pause_s=0.2)
DOCUMENT_PATIENCE = Patience(attempts=5, timeout_s=60.0, total_s=120.0)


@dataclass(frozen=True, slots=True)
class _Endpoint:
    url: str
    api_key: str = field(repr=False)


class _Temporary(Exception):
    """Worth another attempt, `after_s` seconds from now if the server said so."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


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
        self._failover = Failover([_Endpoint(f"{url.rstrip('/')}/embeddings", key) for url, key in pairs])
        self._http: httpx.Client | None = None
        os.register_at_fork(after_in_child=self._forget)

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
                lambda endpoint, batch=batch: self._patiently(endpoint, batch, self._patience[purpose])  # type: ignore[misc]
            )
            read += tokens
        return finished(vectors, self._spec), read

    def embed_with_tokens(self, texts: Sequence[str]) -> tuple[Embedded, int]:
        """Pooled vectors only: such servers give no others."""
        vectors, read = self.embed(texts, "document")
        return Embedded(vectors, []), read

    def count_tokens(self, text: str) -> int:
        """An estimate from above."""
        return estimated_count(text)

    def token_spans(self, text: str) -> Spans:
        """Pieces of the size of a token, or smaller."""
        return estimated_spans(text)

    def _patiently(self, endpoint: _Endpoint, batch: list[str], patience: Patience) -> tuple[Vectors, int]:
        """One endpoint's answer, with exponential back-off and full jitter between attempts."""
        deadline = time.monotonic() + patience.total_s
        for attempt in range(1, patience.attempts + 1):
            try:
                return self._once(endpoint, batch, min(patience.timeout_s, max(0.1, deadline - time.monotonic())))
            except _Temporary as trouble:
                longest = min(patience.longest_pause_s, patience.first_pause_s * 2**attempt)
                pause_s = trouble.after_s if trouble.after_s is not None else random.uniform(0, longest)  # noqa: S311
                if attempt == patience.attempts or time.monotonic() + pause_s > deadline:
                    raise Unavailable(
                        f"The embedding server at {endpoint.url} does not answer ({trouble}); check that it runs."
                    ) from trouble
                time.sleep(pause_s)
        raise AssertionError

    def _once(self, endpoint: _Endpoint, batch: list[str], timeout_s: float) -> tuple[Vectors, int]:
        import httpx

        body: dict[str, Any] = {"model": self._spec.model, "input": batch, "encoding_format": "float"}
        if self._spec.shortened:
            body["dimensions"] = self.dimension
        headers = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
        try:
            response = self._client.post(endpoint.url, json=body, headers=headers, timeout=timeout_s)
        except httpx.TransportError as error:
            raise _Temporary(str(error) or type(error).__name__) from error
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise Unavailable(f"{endpoint.url} is not an address of an embedding server: {error}.") from error
        if response.status_code != 200:
            raise _refusal(endpoint, response, self._spec.model)
        return _vectors_of(response, len(batch), self.dimension, endpoint.url)

    @property
    def _client(self) -> httpx.Client:
        if self._http is None:
            import httpx

            self._http = httpx.Client(follow_redirects=False)
        return self._http

    def _forget(self) -> None:
        """In a forked child: the parent's connections are not to be shared."""
        self._http = None


def _refusal(endpoint: _Endpoint, response: httpx.Response, model: str) -> Exception:
    """What an answer other than 200 means: later, elsewhere, or never."""
    status, said = response.status_code, _message_of(response)
    if status in _RETRIED:
        return _Temporary(f"status {status}: {said}", _retry_after_s(response))
    if status in (401, 403):
        return Unavailable(f"The embedding server at {endpoint.url} refuses the API key ({said}); give it another.")
    if status == 404:
        return Unavailable(f"The embedding server at {endpoint.url} does not know the model {model} ({said}).")
    if status in (400, 413, 422):
        return ValidationFailed(f"The embedding server at {endpoint.url} refuses a text: {said}")
    return Unavailable(f"The embedding server at {endpoint.url} answers with status {status}: {said}")


def _message_of(response: httpx.Response) -> str:
    with suppress(ValueError, KeyError, TypeError):
        error = response.json()["error"]
        return str(error["message"] if isinstance(error, dict) else error)[:200]
    return response.reason_phrase or "no reason given"


def _retry_after_s(response: httpx.Response) -> float | None:
    """The header Retry-After in seconds from now (RFC 9110, section 10.2.3), given as seconds or as a date."""
    value = response.headers.get("Retry-After", "")
    with suppress(ValueError):
        return max(0.0, float(value))
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None


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
