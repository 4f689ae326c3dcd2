"""What goes in and out of the JSON API about topics."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from enrichment.models import Topic, TopicChange, TopicRun
from enrichment.schemas import TogetherOut
from enrichment.services.correcting_topics import LABEL_MAX_CHARS
from enrichment.services.naming_topics import told_of
from enrichment.topic_selectors import CountedTopic, Month
from memories.schemas import MemoryOut
from memshadow.lib.strict import NOT_GIVEN, StrictModel

TopicLabel = Annotated[str, StringConstraints(min_length=1, max_length=LABEL_MAX_CHARS)]


class TopicRef(BaseModel):
    """A topic by its label."""

    id: UUID
    label: str

    @classmethod
    def of_topic(cls, topic: Topic) -> TopicRef:
        """From a row."""
        return cls(id=topic.id, label=topic.label)


class TermOut(BaseModel):
    """A word or phrase that sets a topic's memories apart."""

    words: str
    score: float = Field(description="c-TF-IDF: comparable within one topic.")


class TopicOut(TopicRef):
    """A topic, and how many memories are about it."""

    memory_count: int = Field(description="Active memories.")
    first_at: datetime | None = Field(description="When the first of them happened.")
    last_at: datetime | None
    is_hidden: bool
    terms: list[TermOut]

    @classmethod
    def of(cls, row: CountedTopic) -> TopicOut:
        """From a row and its figures."""
        return cls(
            **TopicRef.of_topic(row.topic).model_dump(),
            memory_count=row.memories,
            first_at=row.first_at,
            last_at=row.last_at,
            is_hidden=row.topic.is_hidden,
            terms=[TermOut(words=one.words, score=one.score) for one in told_of(row.topic)],
        )


class TopicListOut(BaseModel):
    """Every topic, the largest first."""

    items: list[TopicOut]
    grouped_at: datetime | None = Field(description="When the memories were grouped last; null: not yet.")
    grouped_count: int = Field(description="How many memories there were then.")

    @classmethod
    def of(cls, rows: list[CountedTopic], run: TopicRun | None) -> TopicListOut:
        """From the selector's rows."""
        items = [TopicOut.of(row) for row in rows]
        return cls(items=items, grouped_at=run.grouped_at if run else None, grouped_count=run.memories if run else 0)


class TopicListQuery(StrictModel):
    """Which topics."""

    hidden: bool = Field(default=False, description="Those that a person has hidden, instead of the others.")


class MonthOut(BaseModel):
    """How many memories of a month are about it."""

    month: date
    memory_count: int

    @classmethod
    def of(cls, row: Month) -> MonthOut:
        """From the selector's row."""
        return cls(month=row.starts_at.date(), memory_count=row.memories)


class NeighbourOut(TopicRef):
    """A topic that is near to another."""

    nearness: float = Field(description="Cosine of the centres.")


class TopicChangeOut(BaseModel):
    """A correction that a person made."""

    id: UUID
    action: str
    at: datetime
    undone_at: datetime | None

    @classmethod
    def of(cls, row: TopicChange) -> TopicChangeOut:
        """From a row."""
        return cls(id=row.id, action=row.action, at=row.at, undone_at=row.undone_at)


class TopicDetailOut(TopicOut):
    """A topic with whom its memories name, when they happened, what is near, and its corrections."""

    entities: list[TogetherOut]
    months: list[MonthOut]
    neighbours: list[NeighbourOut]
    changes: list[TopicChangeOut]


class TopicMemoryPageOut(BaseModel):
    """A page of a topic's memories, newest first."""

    items: list[MemoryOut]
    next_cursor: str | None


class TopicPatch(StrictModel):
    """What to correct; parts left out stay."""

    label: TopicLabel = Field(default=NOT_GIVEN)
    is_hidden: bool = Field(default=NOT_GIVEN, description="It is listed nowhere, also when it is found again.")


class TopicMergeIn(StrictModel):
    """What else is the same."""

    others: list[UUID] = Field(min_length=1, max_length=100, description="Ids of topics.")


class TopicCorrectedOut(BaseModel):
    """The topic after a correction, and the correction, which can be undone."""

    topic: TopicRef
    change: TopicChangeOut


class MemoryTopicOut(TopicRef):
    """The topic of a memory."""

    nearness: float = Field(description="Cosine of the memory to the topic's centre.")


class MemoryTopicListOut(BaseModel):
    """The topic of a memory; empty while it has none."""

    items: list[MemoryTopicOut]


class SpotQuery(StrictModel):
    """A page of the map."""

    cursor: UUID | None = Field(default=None, description="`next_cursor` of the page before.")
    limit: int = Field(default=1000, ge=1, le=10_000)


class SpotOut(BaseModel):
    """Where a memory stands on the map."""

    memory_id: UUID
    x: float = Field(description="0 to 1, from the left.")
    y: float = Field(description="0 to 1, from the top.")
    topic_id: UUID | None


class MapOut(BaseModel):
    """A page of the map: near to each other is what is about the same."""

    items: list[SpotOut]
    total: int
    next_cursor: UUID | None
