"""Gemini CLI's sessions: one JSON file with messages, the same as lines, or the plain log of prompts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from memories.importers import _lines
from memories.importers._clean import dicts, one_line, stem, text_of
from memories.importers._pieces import items_from, values
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers._turns import Collected, Entry, conversation, in_runs, make_turn
from memories.importers.items import Failed, Item, ParsedTurn

OTHER = "bookkeeping: lines of the log that are no messages"
ROLES = {"user": "user", "gemini": "assistant", "model": "assistant", "assistant": "assistant"}


def recognises(source: Source) -> bool:
    """A session id with a project hash, or a log of messages by session."""
    shape = source.outline
    return shape.has(".sessionId", ".projectHash") or shape.has("[].sessionId", "[].messageId", "[].message")


def read(source: Source, run: Run) -> Iterator[Item]:
    """A conversation for each session."""
    if source.outline.kind == "object" and source.outline.has(".messages"):
        yield from items_from(source, run, lambda data: parse_session(data, run))
        return

    def start(key: str) -> Collected:
        return Collected(run.limits, external_id=key, salt=stem(source.name))

    entries = _log(source, run) if source.outline.kind == "array" else _session_lines(source, run)
    yield from in_runs(entries, start)


def parse_session(data: dict[str, Any], run: Run) -> Item | None:
    """A whole session."""
    turns = [turn for number, m in enumerate(dicts(data.get("messages"))) for turn in _turn(m, f"n{number}", run)]
    return conversation(
        turns,
        external_id=data.get("sessionId"),
        title=data.get("summary"),
        started=data.get("startTime"),
        ended=data.get("lastUpdated"),
        metadata={"project": data.get("projectHash")},
    )


def _turn(message: dict[str, Any], number: str, run: Run) -> list[ParsedTurn]:
    role = ROLES.get(str(message.get("type") or message.get("role")))
    if role is None:
        run.leave_out(OTHER)
        return []
    content = message.get("content", message.get("message"))
    texts = (text_of(part.get("text")) for part in dicts(content) if not part.get("thought"))
    return [
        make_turn(
            role,
            "\n".join(text for text in texts if text) or text_of(content),
            external_id=message.get("id") or number,
            at=message.get("timestamp"),
            model=message.get("model") if role == "assistant" else "",
        )
    ]


def _session_lines(source: Source, run: Run) -> Iterator[Entry | Failed]:
    """The first line names the session, which the messages do not repeat."""
    session = ""
    with source.open_utf8() as stream:
        for number, value in _lines.objects(stream, source.name, run.limits):
            if isinstance(value, Failed):
                yield value
                continue
            session = one_line(value.get("sessionId"), 200) or session
            if "type" in value:
                turns = guarded(partial(_turn, value, f"n{number}", run), f"{source.name}, line {number}")
                yield turns if isinstance(turns, Failed) else (session, turns)


def _log(source: Source, run: Run) -> Iterator[Entry | Failed]:
    for _, where, value in values(source, run):
        yield value if isinstance(value, Failed) else guarded(partial(_log_entry, value, run), where)


def _log_entry(value: dict[str, Any], run: Run) -> Entry:
    number = one_line(value.get("messageId"), 100)
    return one_line(value.get("sessionId"), 200), _turn(value, f"n{number}", run)
