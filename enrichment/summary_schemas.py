"""What goes in and out of the JSON API about summaries, the timeline, decisions and action items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from enrichment.models import Entity, Rollup
from enrichment.summary_selectors import Cited, PointShown, joined
from enrichment.timeline import WEEKS_SHOWN, Day, Stretch, Week
from memories.models import Conversation
from memshadow.lib.strict import PageQuery, StrictModel

RollupKind = Literal["conversation", "day", "week", "persona", "tag"]
_OF_POINT = ("id", "memory_id", "kind", "state", "due_on", "start", "end")
PointState = Literal["open", "done", "dismissed"]


class SentenceOut(BaseModel):
    """A sentence of the memory; `start` and `end` are its place in the text, in characters."""

    start: int
    end: int
    words: str


class MemorySummaryOut(BaseModel):
    """What a memory says in short. Without sentences, `state` says why."""

    state: Literal["done", "waiting", "short"]
    text: str = ""
    sentences: list[SentenceOut] = []

    @classmethod
    def of(cls, sentences: Sequence[dict[str, Any]] | None) -> Self:
        """From the step's sentences; None while there is no result."""
        if sentences is None:
            return cls(state="waiting")
        listed = [SentenceOut(**one) for one in sentences]
        return cls(state="done" if listed else "short", text=joined(sentences), sentences=listed)


class CitedOut(BaseModel):
    """A sentence and the memory that says it, with its place in the text, in characters."""

    memory_id: UUID
    conversation_id: UUID | None
    start: int
    end: int
    words: str
    author: str
    occurred_at: datetime

    @classmethod
    def of(cls, one: Cited) -> Self:
        """From a citation."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class RollupOut(BaseModel):
    """What many memories are about: those of a conversation, a day, a week, a persona or a tag."""

    id: UUID
    kind: RollupKind
    name: str = Field(description="The title or name, or the day; of a week, its Monday.")
    day: date | None
    conversation_id: UUID | None
    persona_id: UUID | None
    tag_id: UUID | None
    memory_count: int
    made_at: datetime | None
    sentences: list[CitedOut]

    @classmethod
    def of(cls, row: Rollup, cited: Sequence[Cited]) -> Self:
        """From a row and what it cites."""
        own = [name for name in cls.model_fields if name not in ("name", "sentences")]
        plain = {name: getattr(row, name) for name in own}
        return cls(**plain, name=name_of(row), sentences=[CitedOut.of(one) for one in cited])


def name_of(row: Rollup) -> str:
    """What people call that of which it is."""
    if row.conversation:
        return str(row.conversation.title)
    named = row.persona or row.tag
    return str(named.name if named else row.day)


class RollupPageOut(BaseModel):
    """A page of summaries, newest first."""

    items: list[RollupOut]
    next_cursor: str | None


class RollupQuery(PageQuery):
    """Which summaries."""

    kind: RollupKind | None = None
    since: date | None = Field(default=None, description="Only of days and weeks from this day on.")
    until: date | None = Field(default=None, description="Only of days and weeks up to this day.")


class PointOut(BaseModel):
    """A decision or an action item, with the sentence that says so and its place in the memory's text."""

    id: UUID
    memory_id: UUID
    kind: Literal["action", "decision"]
    state: PointState
    who: str = Field(description="A name; 'I', 'You' or 'We' where no name says who.")
    task: str
    due_on: date | None
    due_words: str
    words: str
    start: int
    end: int
    occurred_at: datetime

    @classmethod
    def of(cls, one: PointShown) -> Self:
        """From a row with its owner's name."""
        row = one.row
        plain: dict[str, Any] = {name: getattr(row, name) for name in _OF_POINT}
        plain |= {name: getattr(one, name) for name in ("who", "task", "words", "due_words")}
        return cls(**plain, occurred_at=row.memory.occurred_at)


class PointListOut(BaseModel):
    """The points of one memory."""

    items: list[PointOut]


class PointPageOut(PointListOut):
    """A page of action items, the most urgent first."""

    next_cursor: str | None


class PointQuery(PageQuery):
    """Which action items."""

    state: Literal["open", "done", "dismissed", "any"] = "open"
    due_by: date | None = Field(default=None, description="Only those with a day, up to this one.")


class PointPatch(StrictModel):
    """What a person says of a point; `dismissed` is none at all."""

    state: PointState


class NamedOut(BaseModel):
    """Somebody or something that was named."""

    id: UUID
    name: str
    kind: str

    @classmethod
    def of(cls, row: Entity) -> Self:
        """From a row."""
        return cls(id=row.id, name=row.name, kind=row.kind)


class TalkOut(BaseModel):
    """A conversation of the day."""

    id: UUID
    title: str

    @classmethod
    def of(cls, row: Conversation) -> Self:
        """From a row."""
        return cls(id=row.id, title=row.title)


class DayOut(BaseModel):
    """A day (UTC) that has memories."""

    day: date
    memory_count: int
    sentences: list[CitedOut]
    points: list[PointOut]
    named: list[NamedOut]
    conversations: list[TalkOut]

    @classmethod
    def of(cls, day: Day) -> Self:
        """From a day."""
        return cls(
            day=day.on,
            memory_count=day.memory_count,
            sentences=[CitedOut.of(one) for one in day.cited],
            points=[PointOut.of(one) for one in day.points],
            named=[NamedOut.of(row) for row in day.named],
            conversations=[TalkOut.of(row) for row in day.conversations],
        )


class WeekOut(BaseModel):
    """A week with its days, newest first; its own sentences only where it has more than one day."""

    starts_on: date
    memory_count: int
    sentences: list[CitedOut]
    days: list[DayOut]

    @classmethod
    def of(cls, week: Week) -> Self:
        """From a week."""
        cited = [CitedOut.of(one) for one in week.cited]
        days = [DayOut.of(day) for day in week.days]
        return cls(starts_on=week.starts_on, memory_count=week.memory_count, sentences=cited, days=days)


class TimelineOut(BaseModel):
    """Some weeks, newest first. Give `older` or `newer` as `until` for those beside them."""

    weeks: list[WeekOut]
    older: date | None
    newer: date | None

    @classmethod
    def of(cls, found: Stretch) -> Self:
        """From a stretch of the timeline."""
        return cls(weeks=[WeekOut.of(week) for week in found.weeks], older=found.older, newer=found.newer)


class TimelineQuery(StrictModel):
    """Which weeks."""

    until: date | None = Field(default=None, description="From the week of this day back; the newest when left out.")
    weeks: int = Field(default=WEEKS_SHOWN, ge=1, le=12)
