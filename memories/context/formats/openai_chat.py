"""OpenAI's chat format, a list of messages, which most servers of one's own speak too."""

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

_ROLES = {"system": SYSTEM, "developer": SYSTEM, "user": USER, "assistant": ASSISTANT, "tool": TOOL, "function": TOOL}


def read(payload: Any, losses: Losses) -> Dialogue:
    """From a list of messages, or an object with `messages`. Raises NotInFormat."""
    given = payload.get("messages") if isinstance(payload, dict) else payload
    messages = [
        _message(named(message, f"messages[{n}]"), f"messages[{n}]", losses)
        for n, message in enumerate(listed(given, "messages"))
    ]
    return Dialogue(tuple(message for message in messages if message.parts))


def write(dialogue: Dialogue, losses: Losses) -> list[dict[str, Any]]:
    """A list of messages."""
    return [written for message in dialogue.messages for written in _written(message, losses)]


def _message(given: dict[str, Any], where: str, losses: Losses) -> Message:
    role = _ROLES.get(str(given.get("role")))
    if role is None:
        raise NotInFormat(f"{where}.role is system, user, assistant or tool.", field="messages")
    for name in sorted(set(given) - {"role", "content", "tool_calls", "tool_call_id"}):
        if given[name]:
            losses.add(f"field {name} of a message: left out")
    content = _content(given.get("content"), where, losses)
    if role == TOOL:
        inner = tuple(part for part in content if isinstance(part, Text | Image))
        return Message(TOOL, (ToolResult(worded(given.get("tool_call_id"), f"{where}.tool_call_id"), inner),))
    calls = listed(given.get("tool_calls") or [], f"{where}.tool_calls")
    return Message(role, (*content, *(_call(named(call, where), losses) for call in calls)))


def _content(content: Any, where: str, losses: Losses) -> list[Part]:
    if content is None or isinstance(content, str):
        return [Text(content)] if content else []
    parts = list[Part]()
    for part in listed(content, f"{where}.content"):
        match named(part, f"{where}.content"):
            case {"type": "text", "text": str(text)}:
                parts.append(Text(text))
            case {"type": "image_url", "image_url": {"url": str(url)}}:
                parts.append(image_at(url))
            case other:
                losses.add(f"part of type {other.get('type')}: left out")
    return parts


def _call(call: dict[str, Any], losses: Losses) -> ToolCall:
    function = named(call.get("function"), "tool_calls.function")
    return ToolCall(
        worded(call.get("id"), "tool_calls.id"),
        worded(function.get("name"), "tool_calls.function.name"),
        arguments_of(function.get("arguments"), losses),
    )


def _written(message: Message, losses: Losses) -> Iterator[dict[str, Any]]:
    match message.role:
        case "tool":
            yield from (_result(part, losses) for part in message.parts if isinstance(part, ToolResult))
        case "user":
            yield {"role": "user", "content": _said(message.parts)}
        case "system":
            yield {"role": "system", "content": _said(tuple(only_texts(message.parts, losses, "of the system")))}
        case _:
            yield from _assistant(message.parts, losses)


def _assistant(parts: tuple[Part, ...], losses: Losses) -> Iterator[dict[str, Any]]:
    """Texts stand before calls in one message, so that a text after a call begins another."""
    texts, calls = list[Part](), list[dict[str, Any]]()
    for part in parts:
        if isinstance(part, ToolCall):
            function = {"name": part.name, "arguments": as_json(part.arguments)}
            calls.append({"id": part.id, "type": "function", "function": function})
            continue
        if calls:
            yield _turn(texts, calls)
            texts, calls = [], []
        texts += only_texts([part], losses, "of the assistant")
    if texts or calls:
        yield _turn(texts, calls)


def _turn(texts: list[Part], calls: list[dict[str, Any]]) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": "assistant", "content": _said(tuple(texts)) if texts else None}
    return turn | ({"tool_calls": calls} if calls else {})


def _result(result: ToolResult, losses: Losses) -> dict[str, Any]:
    if result.is_error:
        losses.add("mark that a tool failed: left out")
    said = _said(tuple(only_texts(result.parts, losses, "in a tool's answer")))
    return {"role": "tool", "tool_call_id": result.id, "content": said}


def _said(parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
    if not parts:
        return ""
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [
        {"type": "text", "text": part.text}
        if isinstance(part, Text)
        else {"type": "image_url", "image_url": {"url": address_of(part)}}
        for part in parts
        if isinstance(part, Text | Image)
    ]
