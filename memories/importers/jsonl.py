"""Plain JSON lines of messages: role, content, and if they have them a time and a conversation id."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from memories.importers import _lines
from memories.importers._clean import dicts, one_line, stem, text_of
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers._turns import Collected, Entry, conversation, in_runs, make_turn, role_of
from memories.importers.items import Failed, Item, ParsedConversation, ParsedTurn, Refused, Skipped

GROUP_KEYS = ("conversation_id", "conversation", "session_id", "thread_id", "chat_id", "chatId", "sessionId")
TIME_KEYS = ("created_at", "timestamp", "time", "date", "create_time", "createdAt", "occurred_at")
SYSTEM = "system: instructions and tool output"
EXTENSIONS = {"jsonl", "ndjson"}


def recognises(source: Source) -> bool:
    """Objects with role and content, or whole conversations as `messages`; one a line."""
    shape = source.outline
    by_name = shape.kind == "object" and source.extension in EXTENSIONS
    if shape.kind != "lines" and not by_name and not (shape.kind == "object" and shape.has(".role", ".content")):
        return False
    return shape.has(".role", ".content") or shape.has(".messages[].role")


def read(source: Source, run: Run) -> Iterator[Item]:
    """A conversation for each run of lines with one id; without ids, the file is one conversation."""
    if source.outline.has(".messages[].role"):
        yield from _whole_conversations(source, run)
        return

    def start(key: str) -> Collected:
        title = "" if key else stem(source.name)
        return Collected(run.limits, external_id=key, salt=stem(source.name), title=title)

    yield from in_runs(_entries(source, run), start)


def _entries(source: Source, run: Run) -> Iterator[Entry | Failed]:
    with source.open_utf8() as stream:
        for number, value in _lines.objects(stream, source.name, run.limits):
            if isinstance(value, Failed):
                yield value
                continue
            yield guarded(partial(_entry, value, run), f"{source.name}, line {number}")


def _entry(value: dict[str, Any], run: Run) -> Entry:
    key = next((one_line(value[key], 200) for key in GROUP_KEYS if one_line(value.get(key))), "")
    return key, _turns(value, run)


def _turns(value: dict[str, Any], run: Run) -> list[ParsedTurn]:
    role = role_of(value.get("role"))
    if role == "system" or role == "tool":
        run.leave_out(SYSTEM)
        return []
    if not role:
        raise Refused(f"bad-line: the role is {one_line(value.get('role'), 40) or 'missing'}, not user or assistant")
    return [
        make_turn(
            role,
            content_text(value.get("content")),
            external_id=value.get("id"),
            at=next((value[key] for key in TIME_KEYS if value.get(key)), None),
            author=value.get("name") or value.get("author"),
            model=value.get("model"),
        )
    ]


def content_text(content: object) -> str:
    """A string, or the text parts of the chat completions format."""
    if isinstance(content, list):
        return "\n".join(filter(None, (text_of(part.get("text")) for part in dicts(content))))
    return text_of(content)


def _whole_conversations(source: Source, run: Run) -> Iterator[Item]:
    with source.open_utf8() as stream:
        for number, value in _lines.objects(stream, source.name, run.limits):
            where = f"{source.name}, line {number}"
            if isinstance(value, Failed):
                yield value
                continue
            made = guarded(partial(_conversation, value, run), where)
            yield made or Skipped("empty: no messages to keep", where)


def _conversation(value: dict[str, Any], run: Run) -> ParsedConversation | None:
    messages = [m for m in dicts(value.get("messages")) if role_of(m.get("role"))]
    turns = [turn for m in messages for turn in _turns(m, run)]
    name = value.get("conversation_id") or value.get("id")
    return conversation(turns, external_id=name, title=value.get("title"), started=value.get("created_at"))
