"""Anthropic's messages and count_tokens, as its API reference documents them."""

from __future__ import annotations

from typing import Any

from tests.model_servers.answers import Answer, event, split, stream, whole

_NAMES = {429: "rate_limit_error", 500: "api_error", 529: "overloaded_error", 400: "invalid_request_error"}


def error(status: int) -> Answer:
    """An error of the API."""
    body = {"type": "error", "error": {"type": _NAMES[status], "message": f"Told so: {status}"}, "request_id": "req_a"}
    return whole(body, status, retry_after="3") if status == 429 else whole(body, status)


def answer(path: str, body: dict[str, Any], model: str, words: str) -> Answer:
    """What the path answers."""
    if path.startswith("/v1/models"):
        entry = {"type": "model", "id": "claude-test", "display_name": "Test", "created_at": "2025-01-01T00:00:00Z"}
        return whole({"data": [entry], "has_more": False, "first_id": "claude-test", "last_id": "claude-test"})
    if path.startswith("/v1/messages/count_tokens"):
        return whole({"input_tokens": 42})
    usage = {"input_tokens": 25, "cache_read_input_tokens": 10, "output_tokens": 12}
    message: dict[str, Any] = {
        "id": "msg_a",
        "type": "message",
        "role": "assistant",
        "model": model,
        "stop_sequence": None,
    }
    if not body.get("stream"):
        content: list[dict[str, Any]] = [{"type": "text", "text": words}]
        if body.get("tools"):
            content.append({"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}})
        return whole({**message, "content": content, "stop_reason": "end_turn", "usage": usage})
    start: dict[str, Any] = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[tuple[str, dict[str, Any]]] = [("message_start", {"message": start})]
    events.append(("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}))
    events.append(("ping", {}))
    for piece in split(words):
        events.append(("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}}))
    events.append(("content_block_stop", {"index": 0}))
    ending = {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 12}}
    events += [("message_delta", ending), ("message_stop", {})]
    return stream(*(event({"type": name, **data}, name) for name, data in events))
