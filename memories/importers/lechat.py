"""Le Chat's export (Mistral): each chat a file that holds an array of messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from memories.importers import _json
from memories.importers._clean import dicts, digest, one_line, stem, text_of
from memories.importers._run import Run, failed
from memories.importers._sources import Source
from memories.importers._turns import Collected, make_turn, role_of
from memories.importers.items import Failed, Item, ParsedTurn, Refused

OTHER_ROLE = "system: instructions and tool output"
CHAT_KEYS = ("chatId", "chat_id", "conversation_id")


def recognises(source: Source) -> bool:
    """An array of messages with role and content."""
    return source.outline.has("[].role") and (
        source.outline.has("[].content") or source.outline.has("[].contentChunks")
    )


def read(source: Source, run: Run) -> Iterator[Item]:
    """A conversation for each run of messages with the same chat id: normally one a file."""
    chat: Collected | None = None
    for value in _messages(source, run):
        if isinstance(value, Failed):
            yield value
            continue
        name = next((one_line(value[key], 200) for key in CHAT_KEYS if value.get(key)), "")
        if chat and (chat.full or name != chat.metadata.get("chat_id", name)):
            yield from _taken(chat)
            chat = chat if chat.full or name == chat.metadata.get("chat_id") else None
        if chat is None:
            metadata = {"chat_id": name, "file": source.name}
            chat = Collected(run.limits, external_id=name, title="", metadata=metadata)
        for turn in _turn(value, run):
            chat.add(turn)
            if not chat.external_id:
                chat.external_id = digest(stem(source.name), turn.role, turn.occurred_at, turn.content)
    if chat:
        yield from _taken(chat)


def _taken(chat: Collected) -> Iterator[Item]:
    chat.turns.sort(key=_time)
    part = chat.take()
    if part:
        yield part


def _time(turn: ParsedTurn) -> datetime:
    """For a stable sort: exports were seen in both orders, and messages without a time keep their place."""
    return turn.occurred_at or datetime.min


def _messages(source: Source, run: Run) -> Iterator[dict[str, Any] | Failed]:
    with source.open_utf8() as stream:
        for piece in _json.split(stream, run.limits):
            where = f"{source.name}, item {piece.number}"
            if piece.problem:
                yield Failed(piece.problem, where)
                continue
            try:
                value = _json.loads(piece.raw, run.limits)
            except Refused as refusal:
                yield failed(refusal, where)
                continue
            yield value if isinstance(value, dict) else Failed("bad-item: not a JSON object", where)


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
