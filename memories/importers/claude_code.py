"""Claude Code's session logs: one JSON object a line, of which what was said by both sides is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from memories.importers import _lines
from memories.importers._clean import dicts, one_line, stem, text_of
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers._turns import Collected, Entry, in_runs, make_turn
from memories.importers.items import Failed, Item, ParsedTurn

SIDECHAIN = "sidechain: work of sub-agents"
META = "meta: notes of the program to the model"
TOOLS = "tool-call: tool calls and their results"
OTHER = "bookkeeping: lines of the log that are no messages"
THINKING = "reasoning: the model's thoughts"
REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>\s*", re.DOTALL)
REMINDER_END = "</system-reminder>"
COMMAND = re.compile(r"\s*<(local-command|command-name|command-message|bash-(input|stdout|stderr))")


def recognises(source: Source) -> bool:
    """Lines with a session id and the marks of Claude Code's tree."""
    shape = source.outline
    marks = (".parentUuid", ".isSidechain", ".leafUuid")
    return shape.kind in ("lines", "object") and shape.has(".type") and any(shape.has(mark) for mark in marks)


def read(source: Source, run: Run) -> Iterator[Item]:
    """A conversation for each session, titled by its last summary seen before its first part ends."""
    session = Session(source, run)
    yield from in_runs(_merged(session.entries()), session.start)


class Session:
    """One log file: titles and the folder it worked in are picked up on the way."""

    def __init__(self, source: Source, run: Run) -> None:
        self._source = source
        self._run = run
        self._chat: Collected | None = None
        self._title = ""
        self._about: dict[str, Any] = {}

    def start(self, key: str) -> Collected:
        """Where the turns of a session go."""
        self._chat = Collected(
            self._run.limits,
            external_id=key,
            salt=stem(self._source.name),
            title=self._title,
            metadata=self._about,
        )
        return self._chat

    def entries(self) -> Iterator[Entry | Failed]:
        """Session id and turns of each line."""
        with self._source.open_utf8() as stream:
            for number, value in _lines.objects(stream, self._source.name, self._run.limits):
                if isinstance(value, Failed):
                    yield value
                    continue
                entry = guarded(partial(self._entry, value), f"{self._source.name}, line {number}")
                if entry:
                    yield entry

    def _entry(self, value: dict[str, Any]) -> Entry | None:
        kind = value.get("type")
        if kind not in ("user", "assistant"):
            self._note_title(value)
            self._run.leave_out(OTHER)
            return None
        turn = self._turn(value, str(kind))
        if turn is None:
            return None
        folder, branch = one_line(value.get("cwd"), 500), one_line(value.get("gitBranch"), 200)
        self._about.update({"folder": folder} if folder else {}, **({"git_branch": branch} if branch else {}))
        return one_line(value.get("sessionId"), 200), [turn]

    def _note_title(self, value: dict[str, Any]) -> None:
        title = one_line(value.get("summary") or value.get("customTitle") or value.get("aiTitle"))
        if title:
            self._title = title
            if self._chat:
                self._chat.title = title

    def _turn(self, value: dict[str, Any], role: str) -> ParsedTurn | None:
        message = value["message"] if isinstance(value.get("message"), dict) else {}
        if value.get("isSidechain"):
            self._run.leave_out(SIDECHAIN)
            return None
        text = _without_reminders(self._text(message.get("content")))
        if value.get("isMeta") or value.get("isCompactSummary") or COMMAND.match(text):
            self._run.leave_out(META)
            return None
        if not text.strip():
            return None
        return make_turn(
            role,
            text,
            external_id=value.get("uuid"),
            at=value.get("timestamp"),
            model=message.get("model") if role == "assistant" else "",
            metadata={"message": message.get("id")} if message.get("id") else None,
        )

    def _text(self, content: object) -> str:
        if not isinstance(content, list):
            return text_of(content)
        texts = []
        for block in dicts(content):
            kind = block.get("type")
            if kind == "text":
                texts.append(text_of(block.get("text")))
            elif kind in ("thinking", "redacted_thinking"):
                self._run.leave_out(THINKING)
            else:
                is_tool = kind in ("tool_use", "tool_result")
                self._run.leave_out(TOOLS if is_tool else f"unknown-content: {one_line(kind, 60) or 'no type'}")
        return "\n\n".join(text for text in texts if text.strip())


def _without_reminders(text: str) -> str:
    """Only up to the last end mark, so that openings without an end cost no search each."""
    end = text.rfind(REMINDER_END) + len(REMINDER_END)
    return text if end < len(REMINDER_END) else REMINDER.sub("", text[:end]) + text[end:]


def _merged(entries: Iterator[Entry | Failed]) -> Iterator[Entry | Failed]:
    """Blocks of one answer come on lines of their own: those that follow each other are one turn."""
    held: tuple[str, ParsedTurn] | None = None
    for entry in entries:
        if isinstance(entry, Failed):
            yield entry
            continue
        key, turn = entry[0], entry[1][0]
        if held and _same_message(held, key, turn):
            held = (key, replace(held[1], content=f"{held[1].content}\n\n{turn.content}"))
            continue
        if held:
            yield held[0], [held[1]]
        held = (key, turn)
    if held:
        yield held[0], [held[1]]


def _same_message(held: tuple[str, ParsedTurn], key: str, turn: ParsedTurn) -> bool:
    message = turn.metadata.get("message")
    return bool(message) and held[0] == key and held[1].role == turn.role and held[1].metadata.get("message") == message
