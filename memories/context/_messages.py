"""System, block and prompt in the format that a model's API takes."""

from __future__ import annotations

from typing import Any, Final

from memories.context.formats import FORMATS, SYSTEM, USER, Dialogue, Losses, Message, Text, write
from memories.context.targets import Target
from memshadow.lib.errors import ValidationFailed

_PASTED: Final = ("markdown", "xml", "plain")


def messages(target: Target, name: str, *, system: str, block: str, prompt: str) -> Any:
    """The messages to send. The block goes before the prompt, in the user's turn: it is data, not an order.

    A text to paste has no headings. Raises ValidationFailed for an unknown format.
    """
    if name not in FORMATS:
        raise ValidationFailed(f"format is one of {', '.join(FORMATS)}.", field="format")
    if name in _PASTED or (not target.system_role and system):
        system, prompt = "", f"{system}\n\n{prompt}" if system else prompt
    said = f"{block}\n\n{prompt}" if block else prompt
    if name in _PASTED:
        return said
    head = [Message(SYSTEM, (Text(system),))] if system else []
    return write(Dialogue((*head, Message(USER, (Text(said),)))), name, Losses())


def style_for(target: Target, name: str) -> str:
    """How the block is written in that format: as the text around it is, else as the target likes it."""
    return name if name in _PASTED else target.style
