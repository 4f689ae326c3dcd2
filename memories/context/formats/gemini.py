"""Gemini's contents: an object with `systemInstruction` and turns of user and model, in parts."""

from __future__ import annotations

import mimetypes
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
from memories.context.formats.reading import NotInFormat, arguments_of, as_json, listed, named, worded
from memories.context.formats.systems import system_parts


def read(payload: Any, losses: Losses) -> Dialogue:
    """From an object with `contents` and perhaps `systemInstruction`, or from the list. Raises NotInFormat."""
    given = payload if isinstance(payload, dict) else {"contents": payload}
    reader = _Reader(losses)
    messages: list[Message] = []
    if system := _field(given, "systemInstruction"):
        inner = system if isinstance(system, str) else named(system, "systemInstruction").get("parts")
        said = reader.parts([{"text": inner}] if isinstance(inner, str) else inner, "systemInstruction")
        messages += [Message(SYSTEM, (part,)) for part in said]
    contents = given.get("contents")
    if isinstance(contents, str):
        return Dialogue((*messages, Message(USER, (Text(contents),))))
    for n, content in enumerate(listed(contents, "contents")):
        messages += reader.messages(named(content, f"contents[{n}]"), f"contents[{n}]")
    return Dialogue(tuple(message for message in messages if message.parts))


def write(dialogue: Dialogue, losses: Losses) -> dict[str, Any]:
    """An object with `systemInstruction`, where there is one, and `contents`."""
    system, others = system_parts(dialogue, losses)
    names = {part.id: part.name for _, part in dialogue.flat() if isinstance(part, ToolCall)}
    contents = [
        {
            "role": "model" if message.role == ASSISTANT else "user",
            "parts": [_part(p, names, losses) for p in message.parts],
        }
        for message in others
    ]
    head = {"systemInstruction": {"parts": [{"text": part.text} for part in system]}} if system else {}
    return head | {"contents": contents}


def _field(given: dict[str, Any], name: str) -> Any:
    """A field, which the vendor also accepts in snake_case."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return given.get(name, given.get(snake))


class _Reader:
    """Reads contents in order; calls without an id get one, which their answers share."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._open: list[ToolCall] = []
        self._made = 0

    def messages(self, content: dict[str, Any], where: str) -> Iterator[Message]:
        """A turn; what tools answered are messages of their own."""
        role = {"user": USER, "model": ASSISTANT, "function": TOOL, "None": USER}.get(str(content.get("role")))
        if role is None:
            raise NotInFormat(f"{where}.role is user or model.", field="messages")
        said = list[Part]()
        for part in self.parts(content.get("parts"), where):
            if isinstance(part, ToolResult):
                yield from [Message(role, tuple(said))] if said else []
                said = []
                yield Message(TOOL, (part,))
            else:
                said.append(part)
        if said:
            yield Message(USER if role == TOOL else role, tuple(said))

    def parts(self, given: Any, where: str) -> Iterator[Part]:
        """The parts of a turn."""
        for part in listed(given, f"{where}.parts"):
            read = self._part(named(part, f"{where}.parts"), where)
            if read is not None:
                yield read

    def _part(self, part: dict[str, Any], where: str) -> Part | None:
        if isinstance(part.get("text"), str) and not part.get("thought"):
            return Text(part["text"])
        if data := _field(part, "inlineData"):
            inline = named(data, where)
            return Image(media_type=worded(_field(inline, "mimeType"), where), data=worded(inline.get("data"), where))
        if data := _field(part, "fileData"):
            return Image(url=worded(_field(named(data, where), "fileUri"), where))
        if call := _field(part, "functionCall"):
            return self._call(named(call, where), where)
        if response := _field(part, "functionResponse"):
            return self._result(named(response, where), where)
        self._losses.add(f"part with {', '.join(sorted(part)) or 'nothing'}: left out")
        return None

    def _call(self, call: dict[str, Any], where: str) -> ToolCall:
        self._made += 1
        call_id = worded(call.get("id"), where) or f"call_{self._made}"
        read = ToolCall(call_id, worded(call.get("name"), where), arguments_of(call.get("args"), self._losses))
        self._open.append(read)
        return read

    def _result(self, response: dict[str, Any], where: str) -> ToolResult:
        name = worded(response.get("name"), where)
        asked = next((call.id for call in self._open if call.name == name), name)
        call_id = worded(response.get("id"), where) or asked
        self._open = [call for call in self._open if call.id != call_id]
        parts, is_error = _answer(named(response.get("response") or {}, where))
        return ToolResult(call_id, parts, is_error)


def _answer(response: dict[str, Any]) -> tuple[tuple[Text, ...], bool]:
    """What a tool said, and whether it failed; an object of the tool's own is its JSON."""
    match response:
        case {"error": str(text), **others} if not others:
            return (Text(text),), True
        case {"result": str(text), **others} if not others:
            return (Text(text),), False
        case {"result": list(texts), **others} if not others and all(isinstance(text, str) for text in texts):
            return tuple(map(Text, texts)), False
    return (Text(as_json(response)),), False


def _part(part: Part, names: dict[str, str], losses: Losses) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"text": text}
        case Image(url=url) if url:
            kind = mimetypes.guess_type(url.split("?")[0])[0] or "image/jpeg"
            return {"fileData": {"mimeType": kind, "fileUri": url}}
        case Image():
            return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
        case ToolCall():
            return {"functionCall": {"id": part.id, "name": part.name, "args": part.arguments}}
        case ToolResult():
            response = _response(part, losses)
            return {"functionResponse": {"id": part.id, "name": names.get(part.id, part.id), "response": response}}


def _response(result: ToolResult, losses: Losses) -> dict[str, Any]:
    texts = [part.text for part in result.parts if isinstance(part, Text)]
    if images := len(result.parts) - len(texts):
        losses.add("image in a tool's answer, which the format does not allow: left out", images)
    if result.is_error:
        if len(texts) > 1:
            losses.add("border between the texts of a failed tool's answer: joined", len(texts) - 1)
        return {"error": "\n\n".join(texts)}
    return {"result": texts[0] if len(texts) == 1 else texts}
