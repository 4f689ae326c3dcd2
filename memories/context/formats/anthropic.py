"""Anthropic's messages: an object with `system` at the top and turns of user and assistant."""

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
from memories.context.formats.reading import NotInFormat, arguments_of, listed, named, only_texts, worded
from memories.context.formats.systems import system_parts


def read(payload: Any, losses: Losses) -> Dialogue:
    """From an object with `messages` and perhaps `system`, or from the list. Raises NotInFormat."""
    given = payload if isinstance(payload, dict) else {"messages": payload}
    system = tuple(_parts(given.get("system"), "system", losses))
    messages = [Message(SYSTEM, (part,)) for part in system]
    for n, message in enumerate(listed(given.get("messages"), "messages")):
        messages += _messages(named(message, f"messages[{n}]"), f"messages[{n}]", losses)
    return Dialogue(tuple(message for message in messages if message.parts))


def write(dialogue: Dialogue, losses: Losses) -> dict[str, Any]:
    """An object with `system`, where there is one, and `messages`."""
    system, others = system_parts(dialogue, losses)
    messages = [_written(message, losses) for message in others]
    said = [{"type": "text", "text": part.text} for part in system]
    head: dict[str, Any] = {"system": said[0]["text"] if len(said) == 1 else said} if said else {}
    return head | {"messages": [message for message in messages if message["content"]]}


def _messages(given: dict[str, Any], where: str, losses: Losses) -> Iterator[Message]:
    """A turn of the user that holds tools' answers is several messages: each answer is the tool's."""
    role = {"user": USER, "assistant": ASSISTANT}.get(str(given.get("role")))
    if role is None:
        raise NotInFormat(f"{where}.role is user or assistant.", field="messages")
    said = list[Part]()
    for part in _parts(given.get("content"), where, losses):
        if isinstance(part, ToolResult):
            yield from [Message(role, tuple(said))] if said else []
            said = []
            yield Message(TOOL, (part,))
        else:
            said.append(part)
    if said:
        yield Message(role, tuple(said))


def _parts(content: Any, where: str, losses: Losses) -> Iterator[Part]:
    if content is None or isinstance(content, str):
        yield from [Text(content)] if content else []
        return
    for block in listed(content, f"{where}.content"):
        match named(block, f"{where}.content"):
            case {"type": "text", "text": str(text)}:
                yield Text(text)
            case {"type": "image", "source": {"type": "base64", "media_type": str(kind), "data": str(data)}}:
                yield Image(media_type=kind, data=data)
            case {"type": "image", "source": {"type": "url", "url": str(url)}}:
                yield Image(url=url)
            case {"type": "tool_use"} as call:
                name, call_id = (worded(call.get(key), f"{where}.{key}") for key in ("name", "id"))
                yield ToolCall(call_id, name, arguments_of(call.get("input"), losses))
            case {"type": "tool_result"} as result:
                inner = tuple(p for p in _parts(result.get("content"), where, losses) if isinstance(p, Text | Image))
                call_id = worded(result.get("tool_use_id"), f"{where}.tool_use_id")
                yield ToolResult(call_id, inner, bool(result.get("is_error")))
            case other:
                losses.add(f"block of type {other.get('type')}: left out")


def _written(message: Message, losses: Losses) -> dict[str, Any]:
    role = ASSISTANT if message.role == ASSISTANT else USER
    parts = message.parts
    if role == ASSISTANT:
        calls_and_texts = [part for part in parts if not isinstance(part, Image)]
        only_texts((part for part in parts if isinstance(part, Image)), losses, "of the assistant")
        parts = tuple(calls_and_texts)
    if len(parts) == 1 and isinstance(parts[0], Text):
        return {"role": role, "content": parts[0].text}
    return {"role": role, "content": [_block(part) for part in parts]}


def _block(part: Part) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(url=url) if url:
            return {"type": "image", "source": {"type": "url", "url": url}}
        case Image():
            return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": part.data}}
        case ToolCall():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": part.arguments}
        case ToolResult():
            inner: Any = [_block(one) for one in part.parts]
            if len(part.parts) == 1 and isinstance(part.parts[0], Text):
                inner = part.parts[0].text
            return {"type": "tool_result", "tool_use_id": part.id, "content": inner} | (
                {"is_error": True} if part.is_error else {}
            )
