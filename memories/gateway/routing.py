"""Which dialect an address speaks, and where its requests go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from memories.gateway.dialects import (
    AnthropicMessages,
    Dialect,
    GeminiContent,
    OpenAIChat,
    OpenAIResponses,
    Untouched,
)
from memories.gateway.refusals import GatewayRefused

_GEMINI = re.compile(r"/models/(?P<model>[^/:]+):(?P<verb>\w+)\Z")
_GENERATING = frozenset({"generateContent", "streamGenerateContent"})
_GEMINI_VERBS = frozenset({"countTokens", "embedContent", "batchEmbedContents", "asyncBatchEmbedContent"})
_GIVEN = re.compile(r"(?:(?P<scheme>https?):/{1,2})?(?P<host>[^/]+)(?P<path>/.*)?\Z")


@dataclass(frozen=True, slots=True)
class Route:
    """`path` under the other server's address, and that address when the client named it itself (router form)."""

    dialect: Dialect
    path: str
    base: str = ""

    @property
    def remembers(self) -> bool:
        """Whether there are words to remember."""
        return not isinstance(self.dialect, Untouched)


def route_of(path: str, *, is_anthropic: bool = False) -> Route:
    """The route of one of our own addresses, such as /v1/chat/completions. `is_anthropic`: the client says it is."""
    return Route(_dialect_of(path, is_anthropic=is_anthropic), path)


def routed(given: str, *, is_anthropic: bool = False) -> Route:
    """The route of the router form: what follows /gateway/ is the other server's address, whole or without its scheme.

    Raises GatewayRefused. Proxies on the way may have made one slash of two.
    """
    found = _GIVEN.match(given)
    if found is None or not _is_host(found["host"]):
        raise GatewayRefused("Write the other server's address after /gateway/: /gateway/https://api.example.org/v1/…")
    path = found["path"] or "/"
    base = f"{found['scheme'] or 'https'}://{found['host']}"
    return Route(_dialect_of(path, is_anthropic=is_anthropic), path, base)


def _is_host(text: str) -> bool:
    try:
        parts = urlsplit(f"//{text}")
        return bool(parts.hostname) and "@" not in text and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _dialect_of(path: str, *, is_anthropic: bool) -> Dialect:
    if path.endswith("/chat/completions"):
        return OpenAIChat()
    if path.endswith("/responses"):
        return OpenAIResponses()
    if path.endswith("/messages"):
        return AnthropicMessages()
    if (found := _GEMINI.search(path)) is not None:
        return _gemini(found["model"], found["verb"])
    if path.endswith("/messages/count_tokens") or is_anthropic:
        return Untouched(AnthropicMessages())
    if "/v1beta/" in path:
        return Untouched(GeminiContent())
    return Untouched(OpenAIChat())


def _gemini(model: str, verb: str) -> Dialect:
    if verb in _GENERATING:
        return GeminiContent(model, streamed=verb.startswith("stream"))
    # Elsewhere a colon belongs to the model's name: llama3.2:3b
    return Untouched(GeminiContent(), model) if verb in _GEMINI_VERBS else Untouched(OpenAIChat())


def usual_base(provider: str) -> str:
    """The server of a provider when nobody named another: the environment's, else the provider's own."""
    return settings.GATEWAY_UPSTREAMS[provider]


def joined(base: str, path: str) -> str:
    """A path under a base address, whose own last part is not repeated: https://host/v1 and /v1/models meet."""
    base = base.rstrip("/")
    first = "/" + path.lstrip("/").partition("/")[0]
    own = urlsplit(base).path
    return base + (path[len(first) :] if own.endswith(first) else path)
