"""Conversations in the formats of models' APIs, as templates and as texts, and from each into any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from memories.context.formats import anthropic, gemini, openai_chat, openai_responses
from memories.context.formats.dialogue import (
    ASSISTANT,
    ROLES,
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
from memories.context.formats.reading import NotInFormat
from memories.context.formats.written import ChatML, Llama, Markdown, Plain, Written, Xml
from memshadow.lib.errors import ValidationFailed

__all__ = [
    "ASSISTANT",
    "FORMATS",
    "ROLES",
    "SYSTEM",
    "TOOL",
    "USER",
    "Converted",
    "Dialogue",
    "Image",
    "Losses",
    "Message",
    "NotInFormat",
    "Part",
    "Text",
    "ToolCall",
    "ToolResult",
    "convert",
    "read",
    "write",
]

_WRITTEN: Final[Mapping[str, Written]] = {
    "llama": Llama(),
    "chatml": ChatML(),
    "markdown": Markdown(),
    "xml": Xml(),
    "plain": Plain(),
}
_READERS: Final[Mapping[str, Callable[[Any, Losses], Dialogue]]] = {
    "openai-chat": openai_chat.read,
    "openai-responses": openai_responses.read,
    "anthropic": anthropic.read,
    "gemini": gemini.read,
    **{name: form.read for name, form in _WRITTEN.items()},
}
_WRITERS: Final[Mapping[str, Callable[[Dialogue, Losses], Any]]] = {
    "openai-chat": openai_chat.write,
    "openai-responses": openai_responses.write,
    "anthropic": anthropic.write,
    "gemini": gemini.write,
    **{name: form.write for name, form in _WRITTEN.items()},
}
FORMATS: Final = tuple(_READERS)


@dataclass(frozen=True, slots=True)
class Converted:
    """A conversation in another format; `losses` say what that could not hold, and are empty when nothing was lost."""

    messages: Any
    losses: tuple[str, ...]


def convert(messages: Any, source: str, target: str) -> Converted:
    """From one format into another; into its own it stays as it is.

    Raises ValidationFailed for an unknown format, and NotInFormat where the messages are not in the one named.
    """
    losses = Losses()
    dialogue = read(messages, source, losses)
    if source == target:
        return Converted(messages, ())
    return Converted(write(dialogue, target, losses), tuple(losses.said()))


def read(messages: Any, source: str, losses: Losses) -> Dialogue:
    """The conversation apart from its format."""
    return _READERS[_known(source, "from")](messages, losses)


def write(dialogue: Dialogue, target: str, losses: Losses) -> Any:
    """A list, an object or a text, ready to send."""
    return _WRITERS[_known(target, "to")](dialogue, losses)


def _known(name: str, field: str) -> str:
    if name not in FORMATS:
        raise ValidationFailed(f"{field} is one of {', '.join(FORMATS)}.", field=field)
    return name
