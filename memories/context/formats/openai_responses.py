"""OpenAI's responses format: an object whose `input` holds messages, calls and their outputs side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memories.context.formats.dialogue import (
    ASSISTANT,
    SYSTEM,
    TOOL,
    USER,
    Dialogue,
    Image,
    Losses,
    Message,
    Part,
    Text,
    ToolCall,
    ToolResult,
)
from memories.context.formats.reading import (
    NotInFormat,
    address_of,
    arguments_of,
    as_json,
    image_at,
    listed,
    named,
    only_texts,
    worded,
)

_ROLES = {"system": SYSTEM, "developer": SYSTEM, "user": USER, "assistant": ASSISTANT}


def read(payload: Any, losses: Losses) -> Dialogue:
    """From an object with `input` (a text or items) and perhaps `instructions`, or the items. Raises NotInFormat."""
    given = payload if isinstance(payload, dict) else {"input": payload}
    head = worded(given.get("instructions"), "instructions")
    messages = [Message(SYSTEM, (Text(head),))] if head else []
    items = given.get("input")
    if isinstance(items, str):
        return Dialogue((*messages, Message(USER, (Text(items),))))
    for n, item in enumerate(listed(items, "input")):
        messages += _message(named(item, f"input[{n}]"), f"input[{n}]", losses)
    return Dialogue(tuple(message for message in messages if message.parts))


def write(dialogue: Dialogue, losses: Losses) -> dict[str, Any]:
    """An object with `input`."""
    return {"input": [item for message in dialogue.messages for item in _items(message, losses)]}


def _message(item: dict[str, Any], where: str, losses: Losses) -> Iterator[Message]:
    match item.get("type", "message"):
        case "message":
            role = _ROLES.get(str(item.get("role")))
            if role is None:
                raise NotInFormat(f"{where}.role is system, developer, user or assistant.", field="messages")
            yield Message(role, tuple(_content(item.get("content"), where, losses)))
        case "function_call":
            called = ToolCall(
                worded(item.get("call_id"), f"{where}.call_id"),
                worded(item.get("name"), f"{where}.name"),
                arguments_of(item.get("arguments"), losses),
            )
            yield Message(ASSISTANT, (called,))
        case "function_call_output":
            said = _content(item.get("output"), where, losses)
            parts = tuple(part for part in said if isinstance(part, Text | Image))
            yield Message(TOOL, (ToolResult(worded(item.get("call_id"), f"{where}.call_id"), parts),))
        case other:
            losses.add(f"item of type {other}: left out")


def _content(content: Any, where: str, losses: Losses) -> Iterator[Part]:
    if content is None or isinstance(content, str):
        yield from [Text(content)] if content else []
        return
    for part in listed(content, f"{where}.content"):
        match named(part, f"{where}.content"):
            case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
                yield Text(text)
            case {"type": "input_image", "image_url": str(url)}:
                yield image_at(url)
            case other:
                losses.add(f"part of type {other.get('type')}: left out")


def _items(message: Message, losses: Losses) -> Iterator[dict[str, Any]]:
    """Runs of texts and images are messages; each call and each output is an item of its own."""
    said = list[Part]()
    for part in message.parts:
        if isinstance(part, Text | Image):
            said.append(part)
            continue
        yield from _said(message.role, said, losses)
        said = []
        yield _call(part) if isinstance(part, ToolCall) else _output(part, losses)
    yield from _said(message.role, said, losses)


def _said(role: str, parts: list[Part], losses: Losses) -> Iterator[dict[str, Any]]:
    if role != USER:
        parts = list(only_texts(parts, losses, f"of the {role}"))
    if parts:
        kind = "output_text" if role == ASSISTANT else "input_text"
        yield {"type": "message", "role": role, "content": [_part(part, kind) for part in parts]}


def _part(part: Part, kind: str) -> dict[str, Any]:
    if isinstance(part, Image):
        return {"type": "input_image", "image_url": address_of(part), "detail": "auto"}
    text = part.text if isinstance(part, Text) else ""
    return {"type": kind, "text": text} | ({"annotations": []} if kind == "output_text" else {})


def _call(call: ToolCall) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": as_json(call.arguments)}


def _output(result: ToolResult, losses: Losses) -> dict[str, Any]:
    if result.is_error:
        losses.add("mark that a tool failed: left out")
    output: Any = [_part(part, "input_text") for part in result.parts]
    if len(result.parts) == 1 and isinstance(result.parts[0], Text):
        output = result.parts[0].text
    return {"type": "function_call_output", "call_id": result.id, "output": output}
