"""Language models behind an OpenAI-compatible `/v1/chat/completions`; the passages are sent to that server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from memories.reranking.listwise import messages, scores_in
from memories.reranking.protocol import Passage, Scores
from memshadow.lib.errors import Unavailable
from memshadow.lib.model_server import Endpoint, ModelServer, Patience

if TYPE_CHECKING:
    import httpx


class LanguageModelReranker:
    """A `protocol.Reranker` that shows the model all passages at once and asks for their order."""

    def __init__(self, base_url: str, model: str, api_key: str = "", *, timeout_s: float = 20.0) -> None:
        """`base_url` ends before /chat/completions. Within `timeout_s` a passing trouble is tried once more."""
        self.name = f"{model} at {urlsplit(base_url).hostname or base_url}"
        self._model = model
        self._endpoint = Endpoint(f"{base_url.rstrip('/')}/chat/completions", api_key)
        self._patience = Patience(attempts=2, timeout_s=timeout_s, total_s=timeout_s)
        self._server = ModelServer("reranking", model)

    def scores(self, question: str, passages: Sequence[Passage]) -> Scores:
        """1 for the first of the model's order, evenly falling; 0 for what it left out."""
        body = {"model": self._model, "messages": messages(question, passages), "temperature": 0, "stream": False}
        response = self._server.ask(self._endpoint, body, self._patience)
        return scores_in(_said_in(response, self._endpoint.url), len(passages))


def _said_in(response: httpx.Response, url: str) -> str:
    try:
        said = response.json()["choices"][0]["message"]["content"]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Unavailable(
            f"{url} does not speak the chat completions protocol of OpenAI.", trouble="no chat completion"
        ) from error
    return said if isinstance(said, str) else ""
