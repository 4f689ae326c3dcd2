"""Le Chat's export (Mistral): each chat a file that holds an array of messages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from memories.importers._clean import dicts, one_line, stem, text_of
from memories.importers._pieces import values
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers._turns import Collected, Entry, first_words, in_runs, make_turn, role_of
from memories.importers.items import Failed, Item, ParsedConversation, ParsedTurn

OTHER_ROLE = "system: instructions and tool output"
CHAT_KEYS = ("chatId", "chat_id", "conversation_id")


def recognises(source: Source) -> bool:
    """An array of messages with role and content."""
    return source.outline.has("[].role") and (
        source.outline.has("[].content") or source.outline.has("[].contentChunks")
    )


def read(source: Source, run: Run) -> Iterator[Item]:
    """A conversation for each run of messages with the same chat id: normally one a file."""

    def start(chat_id: str) -> Collected:
        return Collected(run.limits, external_id=chat_id, salt=stem(source.name), metadata={"file": source.name})

    for item in in_runs(_entries(source, run), start):
        if isinstance(item, ParsedConversation):
            # Exports were seen in both orders; messages without a time keep their place.
            item.turns.sort(key=lambda turn: turn.occurred_at.timestamp() if turn.occurred_at else 0.0)
            item.title = first_words(item.turns)
        yield item


def _entries(source: Source, run: Run) -> Iterator[Entry | Failed]:
    for _, where, value in values(source, run):
        yield (value if isinstance(value, Failed) else guarded(partial(_entry, value, run), where))


def _entry(value: dict[str, Any], run: Run) -> Entry:
    key = next((one_line(value[key], 200) for key in CHAT_KEYS if value.get(key)), "")
    return key, _turn(value, run)


def _turn(message: dict[str, Any], run: Run) -> list[ParsedTurn]:
    role = role_of(message.get("role"))
    if role not in ("user", "assistant"):
        run.leave_out(OTHER_ROLE)
        return []
    chunks = dicts(message.get("contentChunks")) or dicts(message.get("content"))
    spoken = (text_of(c.get("text")) for c in chunks if c.get("type") in (None, "text"))
    files = [one_line(f.get("name"), 200) for f in dicts(message.get("files"))]
    return [
        make_turn(
            role,
            text_of(message.get("content")) or "\n".join(text for text in spoken if text),
            external_id=message.get("id"),
            at=message.get("createdAt") or message.get("created_at") or message.get("timestamp"),
            model=message.get("model") if role == "assistant" else "",
            metadata={"attachments": [name for name in files if name]},
        )
    ]
