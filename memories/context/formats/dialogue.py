"""A conversation apart from any vendor's format: who said what in which order, with images and tool calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

SYSTEM, USER, ASSISTANT, TOOL = "system", "user", "assistant", "tool"
ROLES: Final = (SYSTEM, USER, ASSISTANT, TOOL)


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image by its address, or as base64 `data` of a `media_type`."""

    url: str = ""
    media_type: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The assistant asks for a tool; `arguments` as JSON."""

    id: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered to the call with this id."""

    id: str
    parts: tuple[Text | Image, ...] = ()
    is_error: bool = False


Part = Text | Image | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """What one role says at once. Tool results have the role tool, one a message."""

    role: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Messages in order. Neighbours of one role may be joined or parted by a format; `flat` is what it keeps."""

    messages: tuple[Message, ...] = ()

    def flat(self) -> list[tuple[str, Part]]:
        """Every part with who said it."""
        return [(message.role, part) for message in self.messages for part in message.parts]


class Losses:
    """What a format cannot hold, counted by kind, and said in plain words."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()

    def add(self, what: str, count: int = 1) -> None:
        """Count one more of a kind, which completes '2 x …'."""
        self._found[what] += count

    def said(self) -> list[str]:
        """Each kind in a sentence."""
        return [f"{count} × {what}" for what, count in self._found.items()]


def text_of(parts: tuple[Part, ...]) -> str:
    """The words alone."""
    return "\n\n".join(part.text for part in parts if isinstance(part, Text))
