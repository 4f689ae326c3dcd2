"""Anthropic's messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from memories.gateway.dialects.dialect import (
    Asked,
    JsonObject,
    Reply,
    Said,
    events,
    last_words,
    listed,
    mapping,
    preceded,
    replaced,
    text_in,
    texts_of,
    whole,
)

_TEXT = ("text",)
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class AnthropicMessages:
    """POST /v1/messages."""

    name = "anthropic-messages"
    provider = "anthropic"

    def read(self, body: JsonObject) -> Asked:
        """Tools' results stand in the user's messages, without words of the user."""
        messages = [message for message in listed(body.get("messages")) if isinstance(message, dict)]
        words = [(str(message.get("role")), texts_of(message.get("content"), _TEXT)) for message in messages]
        last = max((n for n, (role, text) in enumerate(words) if role == "user" and text), default=-1)
        return Asked(
            model=text_in(body.get("model")),
            system=texts_of(body.get("system"), _TEXT),
            said=tuple(Said(role, text) for role, text in words if role in ("user", "assistant") and text),
            goes_on=len(words) > last + 1,
            streamed=body.get("stream") is True,
            longest=whole(body.get("max_tokens")),
        )

    def with_block(self, body: JsonObject, block: str) -> JsonObject | None:
        """Before the last words of the user, and after results of tools, which must come first."""
        place = last_words(body.get("messages"), _TEXT)
        if place is None:
            return None
        message = body["messages"][place]
        content = preceded(message["content"], block, "text", _TEXT)
        return replaced(body, "messages", place, {**message, "content": content})

    def reply(self, content: bytes, *, streamed: bool) -> Reply:
        """The text blocks; thinking and tools' calls are not words of the answer."""
        if streamed:
            return _streamed(content)
        try:
            answer = mapping(json.loads(content))
        except ValueError:
            return Reply()
        text = texts_of(answer.get("content"), _TEXT)
        usage = mapping(answer.get("usage"))
        counted = _input(usage), whole(usage.get("output_tokens"))
        return Reply(text, text_in(answer.get("model")), *counted, id=text_in(answer.get("id")))

    def error(self, status: int, message: str, code: str) -> JsonObject:
        """As Anthropic's client reads it."""
        return {"type": "error", "error": {"type": _ERRORS.get(status, "api_error"), "message": message}}


def _streamed(content: bytes) -> Reply:
    blocks, model, name, usage = dict[int, str](), "", "", dict[str, Any]()
    for event in events(content, json.loads):
        if event.get("type") == "message_start":
            message = mapping(event.get("message"))
            model, name = text_in(message.get("model")), text_in(message.get("id"))
            usage |= mapping(message.get("usage"))
        elif event.get("type") == "message_delta":
            usage |= mapping(event.get("usage"))
        delta = mapping(event.get("delta"))
        if delta.get("type") == "text_delta":
            place = event.get("index", 0)
            blocks[place] = blocks.get(place, "") + text_in(delta.get("text"))
    return Reply("\n".join(blocks.values()), model, _input(usage), whole(usage.get("output_tokens")), id=name)


def _input(usage: Mapping[str, Any]) -> int | None:
    """Tokens read, those that came from the server's prompt cache or went there too."""
    if (fresh := whole(usage.get("input_tokens"))) is None:
        return None
    cached = ("cache_creation_input_tokens", "cache_read_input_tokens")
    return fresh + sum(whole(usage.get(name)) or 0 for name in cached)
