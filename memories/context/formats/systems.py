"""The words of the system, for formats that keep them apart from the turns."""

from __future__ import annotations

from memories.context.formats.dialogue import SYSTEM, Dialogue, Losses, Message, Text
from memories.context.formats.reading import only_texts


def system_parts(dialogue: Dialogue, losses: Losses) -> tuple[list[Text], list[Message]]:
    """All that the system says, and the other messages. What it says between turns moves to the start."""
    system, others = list[Text](), list[Message]()
    for message in dialogue.messages:
        if message.role != SYSTEM:
            others.append(message)
            continue
        if others:
            losses.add("word of the system between turns: moved to the start")
        system += only_texts(message.parts, losses, "of the system")
    return system, others
