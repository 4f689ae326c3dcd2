"""OpenAI's responses."""

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
from memories.gateway.dialects.openai_chat import OpenAIChat

_TEXT = ("input_text", "output_text", "text")
_SYSTEM = ("system", "developer")


class OpenAIResponses:
    """POST /v1/responses."""

    name = "openai-responses"
    provider = "openai"

    def read(self, body: JsonObject) -> Asked:
        """`input` is a string or a list of items; earlier turns may be the server's own (previous_response_id)."""
        given = body.get("input")
        items = [{"role": "user", "content": given}] if isinstance(given, str) else listed(given)
        words = [(str(item.get("role", "")), texts_of(item.get("content"), _TEXT)) for item in map(mapping, items)]
        last = max((n for n, (role, text) in enumerate(words) if role == "user" and text), default=-1)
        return Asked(
            model=text_in(body.get("model")),
            system="\n".join([text_in(body.get("instructions")), *(text for role, text in words if role in _SYSTEM)]),
            said=tuple(Said(role, text) for role, text in words if role in ("user", "assistant") and text),
            goes_on=len(words) > last + 1,
            streamed=body.get("stream") is True,
            previous=text_in(body.get("previous_response_id")),
            longest=whole(body.get("max_output_tokens")),
        )

    def with_block(self, body: JsonObject, block: str) -> JsonObject | None:
        """Before the last words of the user."""
        given = body.get("input")
        if isinstance(given, str):
            return {**body, "input": f"{block}\n\n{given}"} if given else None
        place = last_words(given, _TEXT)
        if place is None:
            return None
        item = body["input"][place]
        content = preceded(item["content"], block, "input_text", _TEXT)
        return replaced(body, "input", place, {**item, "content": content})

    def reply(self, content: bytes, *, streamed: bool) -> Reply:
        """The messages of the output; of a stream, its text deltas."""
        if streamed:
            return _streamed(content)
        try:
            return _whole(mapping(json.loads(content)))
        except ValueError:
            return Reply()

    def error(self, status: int, message: str, code: str) -> JsonObject:
        """As OpenAI's client reads it."""
        return OpenAIChat().error(status, message, code)


def _whole(answer: Mapping[str, Any]) -> Reply:
    messages = [item for item in map(mapping, listed(answer.get("output"))) if item.get("type") == "message"]
    text = "\n".join(filter(None, (texts_of(item.get("content"), _TEXT) for item in messages)))
    usage = mapping(answer.get("usage"))
    counted = whole(usage.get("input_tokens")), whole(usage.get("output_tokens"))
    return Reply(text, text_in(answer.get("model")), *counted, id=text_in(answer.get("id")))


def _streamed(content: bytes) -> Reply:
    pieces, last = list[str](), Reply()
    for event in events(content, json.loads):
        if event.get("type") == "response.output_text.delta":
            pieces.append(text_in(event.get("delta")))
        elif "response" in event:
            last = _whole(mapping(event["response"]))
    return Reply("".join(pieces) or last.text, last.model, last.input_tokens, last.output_tokens, id=last.id)
