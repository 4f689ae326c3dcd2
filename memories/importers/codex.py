"""Codex's session logs: a session_meta line, then events; older ones hold the messages alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from memories.importers import _lines
from memories.importers._clean import dicts, one_line, stem, text_of
from memories.importers._run import Run, guarded
from memories.importers._sources import Source
from memories.importers._turns import Collected, make_turn, role_of
from memories.importers.items import Failed, Item, ParsedTurn, Skipped

REASONING = "reasoning: the model's thoughts"
SYSTEM = "system: instructions and tool output"
OTHER = "bookkeeping: lines of the log that are no messages"
EVENTS = {"user_message": "user", "agent_message": "assistant"}
# What the program puts before the person's words, in the person's name.
INJECTED = (
    "<environment_context",
    "<user_instructions",
    "<permissions",
    "# AGENTS.md",
    "<turn_aborted",
    "<skill",
)


def recognises(source: Source) -> bool:
    """Lines of type and payload, or the older header followed by messages."""
    shape = source.outline
    if shape.kind not in ("lines", "object"):
        return False
    payload = any(shape.has(f".payload.{key}") for key in ("type", "id", "cwd", "originator", "session_id"))
    older = shape.kind == "lines" and shape.has(".instructions", ".timestamp", ".id")
    return (shape.has(".type", ".payload") and payload) or older


def read(source: Source, run: Run) -> Iterator[Item]:
    """One conversation, in parts if it is long."""
    session = Session(source, run)
    with source.open_utf8() as stream:
        for number, value in _lines.objects(stream, source.name, run.limits):
            if isinstance(value, Failed):
                yield value
                continue
            trouble = guarded(partial(session.take_line, value, number), f"{source.name}, line {number}")
            if trouble:
                yield trouble
            if session.full:
                yield from session.part()
    yield from session.part(last=True)


class Session:
    """One log. New logs say each message twice, as event and as item: events win once one was seen."""

    def __init__(self, source: Source, run: Run) -> None:
        self._run = run
        self._model = ""
        self._where = source.name
        self._given = False
        salt = stem(source.name)
        self._events = Collected(run.limits, salt=salt)
        self._items = Collected(run.limits, salt=salt)
        self._saw_events = False

    @property
    def full(self) -> bool:
        """Whether a part should be taken."""
        return self._events.full or self._items.full

    def part(self, last: bool = False) -> Iterator[Item]:
        """The turns so far, from events or, where there are none, from items."""
        chosen, other = (self._events, self._items) if self._saw_events else (self._items, self._events)
        made = chosen.take()
        other.turns, other.chars = [], 0
        if made:
            self._given = True
            yield made
        elif last and not self._given:
            yield Skipped("empty: no messages to keep", self._where)

    def take_line(self, value: dict[str, Any], number: int) -> None:
        """Sorts one line in."""
        kind = value.get("type")
        payload = value["payload"] if isinstance(value.get("payload"), dict) else value
        at = value.get("timestamp") or payload.get("timestamp")
        if kind == "event_msg":
            self._event(payload, at, number)
        elif kind in ("response_item", "message") or payload.get("type") == "message":
            self._item(payload, at, number)
        elif kind == "turn_context":
            self._model = one_line(payload.get("model"), 100)
        elif kind == "session_meta" or "instructions" in value:
            self._meta(payload, at)
        else:
            self._run.leave_out(REASONING if kind == "reasoning" else OTHER)

    def _meta(self, payload: dict[str, Any], at: object) -> None:
        about = {"folder": payload.get("cwd"), "client": payload.get("originator")}
        for chat in (self._events, self._items):
            # A resumed session repeats the header of the one before: the first is this file's own.
            chat.external_id = chat.external_id or one_line(payload.get("id") or payload.get("session_id"), 200)
            chat.metadata = chat.metadata or {key: value for key, value in about.items() if value}

    def _event(self, payload: dict[str, Any], at: object, number: int) -> None:
        role = EVENTS.get(str(payload.get("type")))
        if role is None:
            self._run.leave_out(REASONING if "reasoning" in str(payload.get("type")) else OTHER)
            return
        self._saw_events = True
        self._events.add(self._turn(role, text_of(payload.get("message")), at, number))

    def _item(self, payload: dict[str, Any], at: object, number: int) -> None:
        if payload.get("type", "message") != "message":
            self._run.leave_out(REASONING if payload.get("type") == "reasoning" else SYSTEM)
            return
        content = payload.get("content")
        texts = (text_of(part.get("text")) for part in dicts(content))
        text = "\n\n".join(t for t in texts if t.strip()) or text_of(content)
        role = role_of(payload.get("role"))
        if role not in ("user", "assistant") or text.lstrip().startswith(INJECTED):
            self._run.leave_out(SYSTEM)
            return
        self._items.add(self._turn(role, text, at, number))

    def _turn(self, role: str, text: str, at: object, number: int) -> ParsedTurn:
        model = self._model if role == "assistant" else ""
        return make_turn(role, text, external_id=f"n{number}", at=at, model=model)
