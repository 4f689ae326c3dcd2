"""Gemini's generateContent, streamGenerateContent and countTokens, as its API reference documents them."""

from __future__ import annotations

import json
from typing import Any

from tests.model_servers.answers import Answer, event, split, stream, whole

_NAMES = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 529: "UNAVAILABLE", 400: "INVALID_ARGUMENT"}


def error(status: int) -> Answer:
    """An error of the API."""
    return whole({"error": {"code": status, "message": f"Told so: {status}", "status": _NAMES[status]}}, status)


def answer(path: str, body: dict[str, Any], model: str, words: str) -> Answer:
    """What the path answers."""
    if ":" not in path:
        return whole({"models": [{"name": "models/gemini-test", "displayName": "Test"}]})
    if ":countTokens" in path:
        return whole({"totalTokens": 11})
    if ":generateContent" in path:
        return whole(_part(words, model, done=True))
    pieces = split(words)
    parts = [_part(piece, model, done=n == len(pieces) - 1) for n, piece in enumerate(pieces)]
    if "alt=sse" in path:
        return stream(*(event(part) for part in parts))
    texts = [json.dumps(part).encode() for part in parts]
    return stream(b"[" + texts[0], *(b",\r\n" + text for text in texts[1:]), b"]", kind="application/json")


def _part(text: str, model: str, *, done: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    candidate |= {"finishReason": "STOP"} if done else {}
    usage = {"promptTokenCount": 17, "candidatesTokenCount": 6, "thoughtsTokenCount": 4, "totalTokenCount": 27}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": "g1"}
