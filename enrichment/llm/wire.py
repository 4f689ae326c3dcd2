"""One question to a server of language models, in the language that it speaks, and its answer."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpcore
import httpx
from django.conf import settings

from enrichment.llm.endings import Answer, Empty, LlmTrouble, Refused, ServerFailed, ServerLimits, TimedOut
from memories.gateway.credentials import key_header
from memories.gateway.dialects import AnthropicMessages, Dialect, GeminiContent, OpenAIChat
from memories.gateway.dialects.dialect import listed, mapping, text_in
from memories.gateway.routing import joined
from memories.gateway.trying import said_in
from memshadow.lib.clock import now
from memshadow.lib.errors import Unavailable
from memshadow.lib.net import guarded_client

ANSWER_TOKENS: Final = 1_200
_BYTES_MAX: Final = 2 * 1024**2
_REST_S: Final = 300.0
_WAIT_MAX_S: Final = 6 * 3600.0
_BUSY: Final = frozenset({429, 503, 529})


@dataclass(frozen=True, slots=True)
class Server:
    """Where to ask, and the key that it wants."""

    provider: str
    base_url: str
    model: str
    api_key: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Its name and port."""
        return urlsplit(self.base_url).netloc


def ask_server(server: Server, *, system: str, prompt: str) -> Answer:
    """The answer in words. Raises ServerLimits, ServerFailed, TimedOut, Refused, Empty."""
    dialect, path, body = _worded(server, system, prompt)
    answer = _sent(server, path, body)
    if answer.status_code == 400 and "response_format" in body:
        # Some servers know no JSON mode; the prompt asks for JSON too.
        answer = _sent(server, path, {name: value for name, value in body.items() if name != "response_format"})
    _check(server, answer)
    return _read(dialect, answer.content, server.model)


def _worded(server: Server, system: str, prompt: str) -> tuple[Dialect, str, dict[str, Any]]:
    said = [{"role": "user", "content": prompt}]
    if server.provider == "anthropic":
        body: dict[str, Any] = {"model": server.model, "max_tokens": ANSWER_TOKENS, "system": system, "messages": said}
        return AnthropicMessages(), "/v1/messages", body
    if server.provider == "google":
        wanted = {"responseMimeType": "application/json", "maxOutputTokens": ANSWER_TOKENS}
        body = {"contents": [{"role": "user", "parts": [{"text": prompt}]}], "generationConfig": wanted}
        body["systemInstruction"] = {"parts": [{"text": system}]}
        path = f"/v1beta/models/{quote(server.model, safe='')}:generateContent"
        return GeminiContent(server.model), path, body
    body = {"model": server.model, "messages": [{"role": "system", "content": system}, *said], "temperature": 0}
    body |= {"max_tokens": ANSWER_TOKENS, "response_format": {"type": "json_object"}}
    return OpenAIChat(), "/v1/chat/completions", body


def _sent(server: Server, path: str, body: dict[str, Any]) -> httpx.Response:
    """The whole answer, whatever its status. Raises TimedOut and ServerFailed."""
    headers = {name.decode(): value.decode() for name, value in key_header(server.provider, server.api_key)}
    if server.provider == "anthropic":
        headers["anthropic-version"] = "2023-06-01"
    patience_s = settings.LLM_TIMEOUT_S
    try:
        with guarded_client() as client:
            return client.post(joined(server.base_url, path), json=body, headers=headers, timeout=patience_s)
    except (httpx.TimeoutException, httpcore.TimeoutException) as error:
        message = f"{server.host} did not answer within {patience_s:.0f} seconds."
        raise TimedOut(message, wait_s=_REST_S) from error
    except (httpx.HTTPError, httpx.InvalidURL, httpcore.ConnectError, Unavailable) as error:
        raise ServerFailed(f"{server.host} cannot be reached.", wait_s=_REST_S) from error


def _check(server: Server, answer: httpx.Response) -> None:
    status = answer.status_code
    if status in _BUSY:
        raise ServerLimits(f"{server.host} wants to be asked later (status {status}).", wait_s=_retry_after(answer))
    if status >= 500:
        raise ServerFailed(f"{server.host} answers with status {status}.", wait_s=_REST_S)
    if status in (401, 403):
        raise ServerFailed(f"{server.host} refuses the key.", wait_s=_WAIT_MAX_S)
    if status != 200:
        raise Refused(f"{server.host} answers with status {status}.", said=said_in(answer.content))
    if len(answer.content) > _BYTES_MAX:
        raise LlmTrouble(f"The answer of {server.host} is too long.")


def _retry_after(answer: httpx.Response) -> float:
    """Seconds until the server may be asked again: as it says, a number or a date, else a minute."""
    given = answer.headers.get("Retry-After", "")
    wait_s = 60.0
    with suppress(ValueError, TypeError):
        wait_s = float(given) if given.strip().isdigit() else (parsedate_to_datetime(given) - now()).total_seconds()
    return min(max(wait_s, 1.0), _WAIT_MAX_S)


def _read(dialect: Dialect, content: bytes, model: str) -> Answer:
    reply = dialect.reply(content, streamed=False)
    if not reply.text.strip():
        if refusal := _refusal(content):
            raise Refused("The model refuses.", said=refusal)
        raise Empty("The model answered nothing.")
    return Answer(reply.text, reply.model or model, reply.input_tokens, reply.output_tokens)


def _refusal(content: bytes) -> str:
    """What a server says instead of an answer: OpenAI's `refusal`, Anthropic's and Gemini's reasons to stop."""
    with suppress(ValueError):
        answer = mapping(json.loads(content))
        first = mapping(next(iter(listed(answer.get("choices"))), None))
        said = text_in(mapping(first.get("message")).get("refusal"))
        stopped = text_in(answer.get("stop_reason")) if answer.get("stop_reason") == "refusal" else ""
        return said or stopped or text_in(mapping(answer.get("promptFeedback")).get("blockReason"))
    return ""
