"""OpenAI's chat completions, responses, embeddings and models, as its API reference documents them."""

from __future__ import annotations

from typing import Any

from tests.model_servers.answers import Answer, event, split, stream, whole

_NAMES = {429: "rate_limit_exceeded", 500: "server_error", 529: "overloaded", 400: "context_length_exceeded"}


def error(status: int) -> Answer:
    """An error of the API."""
    body = {"error": {"message": f"Told so: {status}", "type": "x", "param": None, "code": _NAMES[status]}}
    return whole(body, status, Retry_After="7", x_request_id="req_openai") if status == 429 else whole(body, status)


def answer(path: str, body: dict[str, Any], model: str, words: str) -> Answer:
    """What the path answers."""
    if path.startswith("/v1/models"):
        return whole(
            {"object": "list", "data": [{"id": "gpt-test", "object": "model", "created": 1, "owned_by": "us"}]}
        )
    if path == "/v1/embeddings":
        return whole(
            {
                "object": "list",
                "model": model,
                "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}],
                "usage": {"prompt_tokens": 5, "total_tokens": 5},
            }
        )
    if path == "/v1/responses":
        return _responses(body, model, words)
    return _chat(body, model, words)


def _chat(body: dict[str, Any], model: str, words: str) -> Answer:
    head = {"id": "chatcmpl-1", "created": 1700000000, "model": f"{model}-2025"}
    usage = {"prompt_tokens": 21, "completion_tokens": 9, "total_tokens": 30}
    calls_tool = body.get("tools") and body["messages"][-1]["role"] == "user"
    tool = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    if not body.get("stream"):
        message: dict[str, Any] = {"role": "assistant", "content": None if calls_tool else words, "refusal": None}
        message |= {"tool_calls": [tool]} if calls_tool else {}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls_tool else "stop"}
        return whole({**head, "object": "chat.completion", "choices": [choice], "usage": usage}, x_request_id="req_1")
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"tool_calls": [{"index": 0, **tool}]}] if calls_tool else [{"content": piece} for piece in split(words)]
    chunk = {**head, "object": "chat.completion.chunk"}
    events = [event({**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}) for delta in deltas]
    events.append(event({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append(event({**chunk, "choices": [], "usage": usage}))
    return stream(*events, event("[DONE]"))


def _responses(body: dict[str, Any], model: str, words: str) -> Answer:
    content = {"type": "output_text", "text": words, "annotations": [], "logprobs": []}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [content]}
    response: dict[str, Any] = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "status": "completed",
        "model": model,
        "output": [message],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 30,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 8,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 38,
        },
    }
    if not body.get("stream"):
        return whole(response)
    started = {**response, "status": "in_progress", "output": [], "usage": None}
    events: list[tuple[str, dict[str, Any]]] = [("response.created", {"response": started})]
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    begun = {**message, "status": "in_progress", "content": []}
    events.append(("response.output_item.added", {"output_index": 0, "item": begun}))
    events.append(("response.content_part.added", {**place, "part": {**content, "text": ""}}))
    events += [("response.output_text.delta", {**place, "delta": piece, "logprobs": []}) for piece in split(words)]
    events.append(("response.output_text.done", {**place, "text": words, "logprobs": []}))
    events.append(("response.content_part.done", {**place, "part": content}))
    events.append(("response.output_item.done", {"output_index": 0, "item": message}))
    events.append(("response.completed", {"response": response}))
    return stream(*(event({"type": name, "sequence_number": n, **data}, name) for n, (name, data) in enumerate(events)))
