"""Gemini's generateContent and streamGenerateContent; the model stands in the path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from memories.gateway.dialects.dialect import (
    Asked,
    JsonObject,
    Reply,
    Said,
    events,
    listed,
    mapping,
    replaced,
    text_in,
    whole,
)

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class GeminiContent:
    """POST /v1beta/models/{model}:generateContent and :streamGenerateContent."""

    name = "gemini"
    provider = "google"

    def __init__(self, model: str = "", *, streamed: bool = False) -> None:
        self._model, self._streamed = model, streamed

    def read(self, body: JsonObject) -> Asked:
        """A turn without a role is the user's."""
        turns = [mapping(turn) for turn in _turns(body)]
        words = [("assistant" if turn.get("role") == "model" else "user", _text(turn)) for turn in turns]
        last = max((n for n, (role, text) in enumerate(words) if role == "user" and text), default=-1)
        system = body.get("systemInstruction") or body.get("system_instruction")
        return Asked(
            model=self._model,
            system=_text(mapping(system)) or text_in(system),
            said=tuple(Said(role, text) for role, text in words if text),
            goes_on=len(words) > last + 1,
            streamed=self._streamed,
            longest=whole(mapping(body.get("generationConfig")).get("maxOutputTokens")),
        )

    def with_block(self, body: JsonObject, block: str) -> JsonObject | None:
        """Before the first text of the user's last words."""
        turns = _turns(body)
        for place in range(len(turns) - 1, -1, -1):
            turn = turns[place]
            if isinstance(turn, dict) and turn.get("role") != "model" and _text(turn):
                parts = list(turn["parts"])
                first = next(n for n, part in enumerate(parts) if text_in(mapping(part).get("text")))
                parts.insert(first, {"text": f"{block}\n\n"})
                return replaced({**body, "contents": turns}, "contents", place, {**turn, "parts": parts})
        return None

    def reply(self, content: bytes, *, streamed: bool) -> Reply:
        """The first candidate, without its thoughts. A stream is events, or one JSON list that grows."""
        if streamed and content.lstrip().startswith(b"data:"):
            return _joined(list(events(content, json.loads)))
        try:
            found = json.loads(content)
        except ValueError:
            return _joined(_begun(content))
        return _joined([mapping(part) for part in (found if isinstance(found, list) else [found])])

    def error(self, status: int, message: str, code: str) -> JsonObject:
        """As Google's client reads it."""
        name = _STATUSES.get(status, HTTPStatus(status).phrase.upper().replace(" ", "_"))
        return {"error": {"code": status, "message": message, "status": name}}


def _turns(body: JsonObject) -> list[Any]:
    given = body.get("contents")
    return [given] if isinstance(given, dict) else listed(given)


def _text(turn: Mapping[str, Any]) -> str:
    parts = [mapping(part) for part in listed(turn.get("parts"))]
    return "\n".join(text_in(part.get("text")) for part in parts if part.get("text") and not part.get("thought"))


def _joined(answers: list[Mapping[str, Any]]) -> Reply:
    pieces, model, name = list[str](), "", ""
    counted: Mapping[str, Any] = {}
    for answer in answers:
        first = mapping(next(iter(listed(answer.get("candidates"))), None))
        pieces.append(_text(mapping(first.get("content"))))
        model = text_in(answer.get("modelVersion")) or model
        name = text_in(answer.get("responseId")) or name
        counted = mapping(answer.get("usageMetadata")) or counted
    written = whole(counted.get("candidatesTokenCount"))
    thought = whole(counted.get("thoughtsTokenCount")) or 0
    written = written + thought if written is not None else None
    return Reply("".join(pieces), model, whole(counted.get("promptTokenCount")), written, id=name)


def _begun(content: bytes) -> list[Mapping[str, Any]]:
    """The whole objects at the beginning of a JSON list that broke off."""
    text, decoder, found = content.decode(errors="replace").lstrip().removeprefix("["), json.JSONDecoder(), []
    while text := text.lstrip(" \r\n\t,"):
        try:
            value, end = decoder.raw_decode(text)
        except ValueError:
            break
        found.append(mapping(value))
        text = text[end:]
    return found
