"""OpenAI's chat completions, which most other servers speak too."""

from __future__ import annotations

import json
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
_SYSTEM = ("system", "developer")


class OpenAIChat:
    """POST /v1/chat/completions."""

    name = "openai-chat"
    provider = "openai"

    def read(self, body: JsonObject) -> Asked:
        """System and developer messages are the system's; tools' results are nobody's words."""
        messages = [message for message in listed(body.get("messages")) if isinstance(message, dict)]
        words = [(str(message.get("role")), texts_of(message.get("content"), _TEXT)) for message in messages]
        last = max((n for n, (role, text) in enumerate(words) if role == "user" and text), default=-1)
        return Asked(
            model=text_in(body.get("model")),
            system="\n".join(text for role, text in words if role in _SYSTEM),
            said=tuple(Said(role, text) for role, text in words if role in ("user", "assistant") and text),
            goes_on=any(role in ("assistant", "tool") for role, _ in words[last + 1 :]),
            streamed=body.get("stream") is True,
            longest=whole(body.get("max_completion_tokens", body.get("max_tokens"))),
        )

    def with_block(self, body: JsonObject, block: str) -> JsonObject | None:
        """Before the last words of the user: what comes earlier stays the same, for the server's prompt cache."""
        place = last_words(body.get("messages"), _TEXT)
        if place is None:
            return None
        message = body["messages"][place]
        content = preceded(message["content"], block, "text", _TEXT)
        return replaced(body, "messages", place, {**message, "content": content})

    def reply(self, content: bytes, *, streamed: bool) -> Reply:
        """The first choice."""
        return _streamed(content) if streamed else _whole(content)

    def error(self, status: int, message: str, code: str) -> JsonObject:
        """As OpenAI's client reads it."""
        kind = "server_error" if status >= 500 else "invalid_request_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _whole(content: bytes) -> Reply:
    try:
        answer = mapping(json.loads(content))
    except ValueError:
        return Reply()
    first = mapping(next(iter(listed(answer.get("choices"))), None))
    text = texts_of(mapping(first.get("message")).get("content"), _TEXT)
    return Reply(text, text_in(answer.get("model")), *_tokens(answer.get("usage")), id=text_in(answer.get("id")))


def _streamed(content: bytes) -> Reply:
    pieces, model, name, usage = list[str](), "", "", None
    for event in events(content, json.loads):
        model, name = text_in(event.get("model")) or model, text_in(event.get("id")) or name
        usage = event.get("usage") or usage
        for choice in map(mapping, listed(event.get("choices"))):
            if choice.get("index", 0) == 0:
                pieces.append(texts_of(mapping(choice.get("delta")).get("content"), _TEXT))
    return Reply("".join(pieces), model, *_tokens(usage), id=name)


def _tokens(usage: Any) -> tuple[int | None, int | None]:
    counted = mapping(usage)
    return whole(counted.get("prompt_tokens")), whole(counted.get("completion_tokens"))
