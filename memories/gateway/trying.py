"""Whether a server of language models answers: asked for the list of its models."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import httpcore
import httpx

from memories.gateway.credentials import key_header
from memories.gateway.dialects.dialect import listed, mapping, text_in
from memories.gateway.routing import joined
from memories.models import GatewayUpstream, Provider
from memshadow.lib.errors import Unavailable
from memshadow.lib.net import guarded_client

_PATHS = {
    Provider.OPENAI: "/v1/models",
    Provider.ANTHROPIC: "/v1/models?limit=1000",
    Provider.GOOGLE: "/v1beta/models?pageSize=1000",
}
_EXTRA = {Provider.ANTHROPIC: {"anthropic-version": "2023-06-01"}}
_PATIENCE_S = 10.0
_BYTES_MAX = 4 * 1024**2
_MODELS_MAX = 500


def models_of(upstream: GatewayUpstream) -> list[str]:
    """The names of its models. Raises Unavailable with what is wrong and what to do, and OutboundRefused."""
    host = urlsplit(upstream.base_url).netloc
    status, body = _asked(upstream, host)
    if status in (401, 403):
        raise Unavailable(f"{host} refuses the key{said_in(body)}. Give it another.", trouble=f"status {status}")
    if status == 404:
        message = f"{host} has no list of models at this address; check its path, such as /v1 at the end."
        raise Unavailable(message, trouble="status 404")
    if status != 200:
        raise Unavailable(f"{host} answers with status {status}{said_in(body)}.", trouble=f"status {status}")
    found = _names(body)
    if found is None:
        provider = Provider(upstream.provider).label
        message = f"{host} answers, but not as {provider} does. Check the address and the kind."
        raise Unavailable(message, trouble="no list")
    return found


def _asked(upstream: GatewayUpstream, host: str) -> tuple[int, bytes]:
    provider = Provider(upstream.provider)
    pairs = key_header(provider, upstream.api_key)
    headers = {name.decode(): value.decode() for name, value in pairs} | _EXTRA.get(provider, {})
    url, until = joined(upstream.base_url, _PATHS[provider]), time.monotonic() + _PATIENCE_S
    try:
        with guarded_client() as client, client.stream("GET", url, headers=headers, timeout=_PATIENCE_S) as answer:
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > _BYTES_MAX or time.monotonic() > until:
                    break
            return answer.status_code, body
    except (httpx.TimeoutException, httpcore.TimeoutException) as error:
        message = f"{host} does not answer within {_PATIENCE_S:.0f} seconds; check the address and that it runs."
        raise Unavailable(message, trouble="timeout") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpcore.ConnectError) as error:
        message = f"{host} cannot be reached ({error}); check the address and that it runs."
        raise Unavailable(message, trouble=type(error).__name__) from error


def _names(body: bytes) -> list[str] | None:
    """OpenAI and Anthropic list under `data`, Google under `models`; None for anything else."""
    with suppress(ValueError):
        answer = mapping(json.loads(body))
        rows: Sequence[object] | None = answer.get("data", answer.get("models"))
        if isinstance(rows, list):
            names = [text_in(mapping(row).get("id") or mapping(row).get("name")) for row in listed(rows)]
            return sorted(name.removeprefix("models/") for name in names if name)[:_MODELS_MAX]
    return None


def said_in(body: bytes) -> str:
    """What a model server says of an error, in parentheses; nothing when it says nothing."""
    with suppress(ValueError):
        error = mapping(json.loads(body)).get("error")
        message = text_in(mapping(error).get("message")) or text_in(error)
        return f" ({' '.join(message.split())[:200]})" if message else ""
    return ""
