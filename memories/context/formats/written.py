"""Conversations as one text: the templates of Llama and ChatML, Markdown, XML and plain; read as they were written.

Each part is a block with its role; what is no text is JSON in a block that says so. A text that looks like a border is
escaped, so that no text can begin a block.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

import regex

from memories.context.formats.dialogue import (
    ASSISTANT,
    ROLES,
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
from memories.context.formats.reading import NotInFormat

_ROLE_NAMES: Final = "|".join(ROLES)
_KIND_NAMES: Final = "image|tool call|tool result"


class Written(ABC):
    """A format of blocks. `borders` finds a block's beginning with the groups role and kind."""

    borders: regex.Pattern[str]
    head: str = ""
    closing: str = ""
    between: str = ""

    @abstractmethod
    def opening(self, role: str, kind: str) -> str:
        """What stands before a block."""

    @abstractmethod
    def escaped(self, text: str) -> str:
        """The text with nothing in it that is a border."""

    @abstractmethod
    def unescaped(self, text: str) -> str:
        """The text as it was."""

    def write(self, dialogue: Dialogue, losses: Losses) -> str:
        """One text; a template ends where the assistant is to go on."""
        blocks = []
        for role, part in dialogue.flat():
            kind, text = _as_text(part)
            if isinstance(part, Image):
                losses.add("image, which the model does not see in a text: its address or data stands there")
            blocks.append(f"{self.opening(role, kind)}{self.escaped(text)}{self.closing}")
        return self.framed(self.between.join(blocks), dialogue)

    def framed(self, text: str, dialogue: Dialogue) -> str:
        """The text as it goes out."""
        return text

    def read(self, payload: Any, losses: Losses) -> Dialogue:
        """From a text; one without blocks is the user's. Raises NotInFormat."""
        if not isinstance(payload, str):
            raise NotInFormat("This format is a text.", field="messages")
        return Dialogue(tuple(self._messages(payload)))

    def _messages(self, text: str) -> Iterator[Message]:
        text = text.removeprefix(self.head)
        found = list(self.borders.finditer(text))
        first = text[: found[0].start()] if found else text
        if first and (first.strip() or not found):
            yield Message(USER, (Text(self.unescaped(first)),))
        for border, following in zip_longest(found, found[1:]):
            end = following.start() if following else len(text)
            body = self.body(text[border.end() : end], last=following is None)
            if body is not None:
                yield Message(border["role"].lower(), (_as_part(border["kind"] or "", self.unescaped(body)),))

    def body(self, text: str, *, last: bool) -> str | None:
        """What stands in a block, without its closing; None for one that only asks to go on."""
        if self.closing and not text.endswith(self.closing):
            return None if last and not text else text
        return text.removesuffix(self.closing) if self.closing else text


def _as_text(part: Part) -> tuple[str, str]:
    match part:
        case Text(text):
            return "", text
        case Image():
            given: dict[str, Any] = (
                {"url": part.url} if part.url else {"media_type": part.media_type, "data": part.data}
            )
            return "image", json.dumps(given, ensure_ascii=False)
        case ToolCall():
            called = {"id": part.id, "name": part.name, "arguments": part.arguments}
            return "tool call", json.dumps(called, ensure_ascii=False)
        case ToolResult():
            inner = [one.text if isinstance(one, Text) else json.loads(_as_text(one)[1]) for one in part.parts]
            said = {"id": part.id, "content": inner} | ({"is_error": True} if part.is_error else {})
            return "tool result", json.dumps(said, ensure_ascii=False)


def _as_part(kind: str, text: str) -> Part:
    if not kind:
        return Text(text)
    try:
        read = _READ[kind](json.loads(text))
    except (ValueError, TypeError, KeyError):
        read = None
    if read is None:
        raise NotInFormat(f"A block that says it is a {kind} does not hold one.", field="messages")
    return read


def _image(given: Any) -> Image | None:
    match given:
        case {"url": str(url)}:
            return Image(url=url)
        case {"media_type": str(kind), "data": str(data)}:
            return Image(media_type=kind, data=data)
    return None


def _call(given: Any) -> ToolCall | None:
    match given:
        case {"id": str(call_id), "name": str(name), "arguments": dict(arguments)}:
            return ToolCall(call_id, name, arguments)
    return None


def _result(given: Any) -> ToolResult | None:
    match given:
        case {"id": str(call_id), "content": list(content)}:
            inner = [Text(one) if isinstance(one, str) else _image(one) for one in content]
            known = tuple(part for part in inner if part is not None)
            return ToolResult(call_id, known, given.get("is_error") is True) if len(known) == len(inner) else None
    return None


_READ: Final[Mapping[str, Callable[[Any], Part | None]]] = {"image": _image, "tool call": _call, "tool result": _result}


class _Template(Written):
    """A model's chat template, whose marks begin with <| and lose their meaning by a backslash."""

    def escaped(self, text: str) -> str:
        return regex.sub(r"<(\\*)\|", r"<\1\\|", text)

    def unescaped(self, text: str) -> str:
        return regex.sub(r"<(\\*)\\\|", r"<\1|", text)

    def framed(self, text: str, dialogue: Dialogue) -> str:
        flat = dialogue.flat()
        return text + (self.opening(ASSISTANT, "") if flat and flat[-1][0] != ASSISTANT else "")


class Llama(_Template):
    """Llama 3's template."""

    borders = regex.compile(
        rf"<\|start_header_id\|>(?P<role>{_ROLE_NAMES})"
        rf"(?: \((?P<kind>{_KIND_NAMES})\))?<\|end_header_id\|>\n\n"
    )
    head = "<|begin_of_text|>"
    closing = "<|eot_id|>"

    def opening(self, role: str, kind: str) -> str:
        return f"<|start_header_id|>{role}{f' ({kind})' if kind else ''}<|end_header_id|>\n\n"

    def framed(self, text: str, dialogue: Dialogue) -> str:
        return self.head + super().framed(text, dialogue)


class ChatML(_Template):
    """ChatML, which Qwen, Hermes and many others are trained on."""

    borders = regex.compile(rf"<\|im_start\|>(?P<role>{_ROLE_NAMES})(?: \((?P<kind>{_KIND_NAMES})\))?\n")
    closing = "<|im_end|>\n"

    def opening(self, role: str, kind: str) -> str:
        return f"<|im_start|>{role}{f' ({kind})' if kind else ''}\n"


class _Headed(Written):
    """Blocks below a heading on its own line; a text's line that looks like one gets a backslash."""

    line: regex.Pattern[str]

    def escaped(self, text: str) -> str:
        return self.line.sub(r"\\\g<0>", text)

    def unescaped(self, text: str) -> str:
        return regex.sub(rf"(?m)^\\(?={self.line.pattern.removeprefix('(?m)^')})", "", text)


class Markdown(_Headed):
    """Headings such as '## User'."""

    borders = regex.compile(rf"(?:\A|\n\n)## (?P<role>(?i:{_ROLE_NAMES}))(?: \((?P<kind>{_KIND_NAMES})\))?\n\n")
    line = regex.compile(rf"(?m)^\\*## (?i:{_ROLE_NAMES})\b")
    between = "\n\n"

    def opening(self, role: str, kind: str) -> str:
        return f"## {role.capitalize()}{f' ({kind})' if kind else ''}\n\n"


class Plain(_Headed):
    """Lines such as 'User:'."""

    borders = regex.compile(rf"(?:\A|\n\n)(?P<role>(?i:{_ROLE_NAMES}))(?: \((?P<kind>{_KIND_NAMES})\))?:\n")
    line = regex.compile(rf"(?m)^\\*(?i:{_ROLE_NAMES})\b")
    between = "\n\n"

    def opening(self, role: str, kind: str) -> str:
        return f"{role.capitalize()}{f' ({kind})' if kind else ''}:\n"


class Xml(Written):
    """Elements such as <message role="user">."""

    borders = regex.compile(rf'\n?<message role="(?P<role>{_ROLE_NAMES})"(?: kind="(?P<kind>{_KIND_NAMES})")?>')
    closing = "</message>"
    between = "\n"

    def opening(self, role: str, kind: str) -> str:
        return f'<message role="{role}"{f" kind={chr(34)}{kind}{chr(34)}" if kind else ""}>'

    def escaped(self, text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def unescaped(self, text: str) -> str:
        return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
