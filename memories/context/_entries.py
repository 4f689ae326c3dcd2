"""How one memory is written into the block: what it says, when, from where, and how relevant it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from memories.context.targets import Target
from memories.injected import without_marks
from memories.models import Memory, MemoryRole
from memories.rendering import source_label

_XML_MARK: Final = re.compile(r"<(/?)(memory)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manner:
    """How entries are written: `style` of STYLES, `layout` of LAYOUTS; `special` texts lose their meaning."""

    style: str
    layout: str
    special: tuple[str, ...] = ()

    @classmethod
    def of(cls, target: Target, style: str, layout: str | None) -> Manner:
        """As the target wants it, in another layout when one is given."""
        return cls(style, layout or target.layout, target.special)


def harmless(text: str, manner: Manner) -> str:
    """The text with nothing in it that ends the block, an entry, or a turn of the model's template."""
    text = without_marks(text)
    for mark in manner.special:
        if mark in text:
            text = text.replace(mark, mark.replace("<", "‹").replace(">", "›").replace("[", "(").replace("]", ")"))
    return _XML_MARK.sub(r"‹\1\2", text) if manner.style == "xml" else text


def entry(memory: Memory, relevance: str, text: str, manner: Manner) -> str:
    """One memory as it stands in the block, with its relevance in words; `text` must be harmless already."""
    if manner.style == "xml":
        return f"<memory {_attributes(memory, relevance, manner)}>\n{text}\n</memory>"
    body = text.replace("\n", "\n  ")
    if manner.layout == "natural":
        return f"- {_sentence(memory)}: {body}"
    label = f"{_day(memory)} · {_origin(memory)} · {relevance}"
    return f"- **[{label}]** {body}" if manner.style == "markdown" else f"- [{label}] {body}"


def _attributes(memory: Memory, relevance: str, manner: Manner) -> str:
    said = f'time="{memory.occurred_at:%Y-%m-%d}" source="{_attribute(_origin(memory))}"'
    if manner.layout == "natural":
        return said
    return f'{said} relevance="{relevance.removeprefix("relevance ")}"'


def _attribute(value: str) -> str:
    return value.replace("&", "&amp;").replace('"', "'").replace("<", "‹").replace(">", "›")


def _day(memory: Memory) -> str:
    return f"{timezone.localtime(memory.occurred_at):%-d %B %Y}"


def _origin(memory: Memory) -> str:
    """Who said it and where, such as 'ChatGPT, said by the assistant'."""
    source = _one_line(source_label(memory.source))
    who = _speaker(memory)
    return f"{source}, said by {who}" if who else f"{source}, {memory.get_kind_display().lower()}"


def _speaker(memory: Memory) -> str:
    author = without_marks(_one_line(memory.author))
    if memory.role == MemoryRole.USER and (not author or author.casefold() in ("user", "me", "human")):
        return "the user"
    if memory.role == MemoryRole.ASSISTANT and not author:
        return "the assistant"
    return author


def _sentence(memory: Memory) -> str:
    who = _speaker(memory)
    return f"On {_day(memory)} {who} said" if who else f"On {_day(memory)} the user noted"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:80]
