"""From a vendor's messages to a finished conversation: turns with unique ids, in parts if it is long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from memories.importers._clean import digest, metadata_of, one_line
from memories.importers._time import parse_time
from memories.importers.items import Failed, Item, ParsedConversation, ParsedTurn
from memories.importers.limits import Limits

ROLES = {
    "user": "user", "human": "user", "assistant": "assistant", "model": "assistant", "ai": "assistant",
    "bot": "assistant", "gemini": "assistant", "grok": "assistant", "gpt": "assistant", "system": "system",
    "developer": "system", "tool": "tool", "function": "tool",
}  # fmt: skip


# How many turns without ids a conversation remembers, to tell apart those that say the same.
NAMES = 300_000


def role_of(value: object) -> str:
    """One of user, assistant, system, tool; '' for what is none of them."""
    return ROLES.get(value.strip().lower(), "") if isinstance(value, str) else ""


def make_turn(
    role: str,
    content: str,
    *,
    external_id: object = "",
    at: object = None,
    author: object = "",
    model: object = "",
    metadata: dict[str, Any] | None = None,
) -> ParsedTurn:
    """A turn from values as they stand in the export; `content` must be clean already."""
    return ParsedTurn(
        role=role,
        content=content.strip("\n").rstrip(),
        author=one_line(author, 100),
        external_id=one_line(external_id, 200),
        occurred_at=parse_time(at),
        model=one_line(model, 100),
        metadata=metadata_of(metadata) if metadata else {},
    )


def with_unique_ids(turns: list[ParsedTurn], prefix: str = "") -> list[ParsedTurn]:
    """Ids where there are none; of two turns alike the second goes, of two that share an id it gets '#2'."""
    seen: dict[str, ParsedTurn] = {}
    kept: list[ParsedTurn] = []
    for turn in turns:
        base = turn.external_id or f"{prefix}{digest(turn.role, turn.occurred_at, turn.content)[:16]}"
        name, number = base, 1
        while name in seen:
            if turn.external_id and seen[name].content == turn.content and seen[name].role == turn.role:
                break
            number += 1
            name = f"{base}#{number}"
        if name in seen:
            continue
        if name != turn.external_id:
            turn = replace(turn, external_id=name)
        seen[name] = turn
        kept.append(turn)
    return kept


def conversation(
    turns: list[ParsedTurn],
    *,
    external_id: object = "",
    title: object = "",
    started: object = None,
    ended: object = None,
    model: object = "",
    metadata: dict[str, Any] | None = None,
    tags: tuple[str, ...] = (),
) -> ParsedConversation | None:
    """None when no turn has text. Missing ids, titles, times and model are taken from the turns."""
    turns = with_unique_ids([turn for turn in turns if turn.content])
    if not turns:
        return None
    times = [turn.occurred_at for turn in turns if turn.occurred_at]
    first = turns[0]
    start = parse_time(started) or min(times, default=None)
    end = max(filter(None, [parse_time(ended), *times]), default=start)
    return ParsedConversation(
        external_id=one_line(external_id, 200) or digest(first.role, first.occurred_at, start, first.content),
        title=one_line(title) or first_words(turns),
        started_at=start,
        ended_at=end,
        model=one_line(model, 100) or next((turn.model for turn in turns if turn.model), ""),
        turns=turns,
        metadata=metadata_of(metadata or {}),
        tags=tags,
    )


def first_words(turns: list[ParsedTurn]) -> str:
    """A title from what the person asked first."""
    asked = next((turn for turn in turns if turn.role == "user"), turns[0])
    return one_line(asked.content, 80)


@dataclass(slots=True)
class Collected:
    """Turns of one conversation from a stream, handed over in parts before they fill the memory."""

    limits: Limits
    external_id: str = ""
    salt: str = ""  # told apart by this where the export gives no id
    title: str = ""
    model: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    turns: list[ParsedTurn] = field(default_factory=list)
    chars: int = 0
    started: datetime | None = None
    named: Counter[str] = field(default_factory=Counter)

    def add(self, turn: ParsedTurn) -> None:
        """Keeps a turn that has text. One without an id is known by its text, and how often that came before:
        what is put in front of it in a later export changes nothing.
        """
        if not turn.content:
            return
        if not turn.external_id:
            base = digest(turn.role, turn.occurred_at, turn.content)[:16]
            if len(self.named) > NAMES:
                self.named.clear()
            self.named[base] += 1
            times = self.named[base]
            turn = replace(turn, external_id=base if times == 1 else f"{base}#{times}")
        self.turns.append(turn)
        self.chars += len(turn.content)

    @property
    def full(self) -> bool:
        """Whether it is time to `take` a part."""
        return len(self.turns) >= self.limits.turns or self.chars >= self.limits.part_chars

    def take(self) -> ParsedConversation | None:
        """What was collected, as a conversation; the next part keeps id, title and start."""
        if self.turns and not self.external_id:
            first = self.turns[0]
            self.external_id = digest(self.salt, first.role, first.occurred_at, first.content)
        part = conversation(
            self.turns,
            external_id=self.external_id,
            title=self.title,
            started=self.started,
            model=self.model,
            metadata=self.metadata,
        )
        self.turns, self.chars = [], 0
        if part:
            self.external_id, self.title, self.started = part.external_id, part.title, part.started_at
        return part


Entry = tuple[str, list[ParsedTurn]]


def in_runs(entries: Iterable[Entry | Failed], start: Callable[[str], Collected]) -> Iterator[Item]:
    """A conversation for each run of entries with the same key, in parts if long; Failed passes through.

    A key that comes back later gives another part with the same id: the file is never held.
    """
    chat: Collected | None = None
    now = ""
    for entry in entries:
        if isinstance(entry, Failed):
            yield entry
            continue
        key, turns = entry
        if chat and key != now:
            yield from _part(chat)
            chat = None
        if chat is None:
            chat, now = start(key), key
        for turn in turns:
            chat.add(turn)
        if chat.full:
            yield from _part(chat)
    if chat:
        yield from _part(chat)


def _part(chat: Collected) -> Iterator[Item]:
    part = chat.take()
    if part:
        yield part
