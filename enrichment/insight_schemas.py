"""What the JSON API says about the owner: the profile and insights."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from enrichment.entities import label as kind_label
from enrichment.insights.about import Known
from enrichment.insights.ahead import Ahead
from enrichment.insights.around import Around
from enrichment.insights.found import Insights
from enrichment.insights.profile import Profile, as_text
from enrichment.insights.trends import Trend
from enrichment.summary_selectors import PointShown
from enrichment.topic_schemas import TopicRef
from memshadow.lib.strict import StrictModel


class ProfileQuery(StrictModel):
    """How the profile is given."""

    format: Literal["json", "text"] = Field(default="json", description="text: plain text for a prompt, nothing else.")
    max_chars: int = Field(default=4_000, ge=200, le=20_000, description="Of the text; whole lines only.")


class KnownOut(BaseModel):
    """Something that memories state of the owner."""

    text: str
    since: datetime | None
    sentence: str = Field(description="The newest sentence that says so.")
    count: int = Field(description="How often it is stated.")
    memory_ids: list[UUID] = Field(description="The newest memories that state it.")

    @classmethod
    def of(cls, one: Known) -> KnownOut:
        """From what was worked out."""
        return cls(text=one.text, since=one.since, sentence=one.sentence, count=one.count, memory_ids=one.cited)


class AroundOut(BaseModel):
    """Somebody or something that the memories of a year name often."""

    entity_id: UUID
    name: str
    kind: str
    memory_count: int
    last_at: datetime
    memory_ids: list[UUID]

    @classmethod
    def of(cls, one: Around) -> AroundOut:
        """From what was counted."""
        entity = one.entity
        return cls(
            entity_id=entity.id,
            name=entity.name,
            kind=kind_label(entity.kind),
            memory_count=one.memories,
            last_at=one.last_at,
            memory_ids=one.memory_ids,
        )


class CommitmentOut(BaseModel):
    """What the owner has to do."""

    text: str
    due_on: date | None
    memory_id: UUID

    @classmethod
    def of(cls, one: PointShown) -> CommitmentOut:
        """From a point."""
        return cls(text=one.task, due_on=one.row.due_on, memory_id=one.row.memory_id)


class AheadOut(BaseModel):
    """A day, and the sentence that speaks of it."""

    on: date
    text: str
    memory_id: UUID

    @classmethod
    def of(cls, one: Ahead) -> AheadOut:
        """From what was found."""
        return cls(on=one.on, text=one.text, memory_id=one.memory_id)


class ProfileTopicOut(TopicRef):
    """A topic, and how many memories are about it."""

    memory_count: int


class ProfileOut(BaseModel):
    """What memories say of their owner now."""

    name: str
    as_of: datetime
    facts: list[KnownOut]
    preferences: list[KnownOut]
    plans: list[KnownOut] = Field(description="Wanted or planned, as said lately.")
    people: list[AroundOut]
    things: list[AroundOut] = Field(description="Organisations, products, works and events.")
    commitments: list[CommitmentOut]
    upcoming: list[AheadOut]
    topics: list[ProfileTopicOut]
    text: str = Field(description="The same as plain text for a prompt, secrets masked.")

    @classmethod
    def of(cls, one: Profile, max_chars: int) -> ProfileOut:
        """From what was worked out."""
        return cls(
            name=one.name,
            as_of=one.as_of,
            facts=[KnownOut.of(known) for known in one.facts],
            preferences=[KnownOut.of(known) for known in one.preferences],
            plans=[KnownOut.of(known) for known in one.plans],
            people=[AroundOut.of(row) for row in one.people],
            things=[AroundOut.of(row) for row in one.things],
            commitments=[CommitmentOut.of(row) for row in one.commitments],
            upcoming=[AheadOut.of(row) for row in one.upcoming],
            topics=[
                ProfileTopicOut(id=row.topic.id, label=row.topic.label, memory_count=row.memories) for row in one.topics
            ],
            text=as_text(one, max_chars),
        )


class TrendOut(TopicRef):
    """A topic over twelve months."""

    kind: Literal["rising", "fading", "recurring", ""]
    recent_count: int = Field(description="Memories of the last 30 days.")
    usual_count: float = Field(description="Of 30 days on average, in the 90 before those.")
    months: dict[str, int] = Field(description="Memories by month (2026-05).")

    @classmethod
    def of(cls, one: Trend) -> TrendOut:
        """From what was counted."""
        return cls.model_validate(
            {
                "id": one.topic.id,
                "label": one.topic.label,
                "kind": one.kind,
                "recent_count": one.recent,
                "usual_count": round(one.usual, 2),
                "months": {f"{month:%Y-%m}": number for month, number in one.months},
            }
        )


class QuestionOut(BaseModel):
    """A question without an answer after it."""

    text: str
    memory_id: UUID
    asked_at: datetime


class DayOut(BaseModel):
    """A memory of this day of another year."""

    memory_id: UUID
    occurred_at: datetime


class InsightsOut(BaseModel):
    """What stands out."""

    recent_at: datetime = Field(description="The moment up to which things count as recent.")
    trends: list[TrendOut]
    questions: list[QuestionOut]
    commitments: list[CommitmentOut]
    upcoming: list[AheadOut]
    on_this_day: list[DayOut]

    @classmethod
    def of(cls, one: Insights) -> InsightsOut:
        """From what was worked out."""
        return cls(
            recent_at=one.recent,
            trends=[TrendOut.of(row) for row in one.trends],
            questions=[
                QuestionOut(text=row.text, memory_id=row.memory.id, asked_at=row.memory.occurred_at)
                for row in one.questions
            ],
            commitments=[CommitmentOut.of(row) for row in one.commitments],
            upcoming=[AheadOut.of(row) for row in one.upcoming],
            on_this_day=[DayOut(memory_id=row.id, occurred_at=row.occurred_at) for row in one.on_this_day],
        )
