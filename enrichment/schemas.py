"""What goes in and out of the JSON API about entities."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from enrichment.entities import THING_KINDS, label
from enrichment.entity_selectors import Counted, Together
from enrichment.excerpts import excerpt
from enrichment.models import Entity, EntityChange, EntityName, Mention
from enrichment.services.correcting import NAME_MAX_CHARS
from memories.models import Memory
from memshadow.lib.strict import NOT_GIVEN, StrictModel

EntityKind = Annotated[str, StringConstraints(max_length=20)]
EntityTitle = Annotated[str, StringConstraints(min_length=1, max_length=NAME_MAX_CHARS)]
_KINDS = ", ".join(THING_KINDS)


class EntityQuery(StrictModel):
    """A page of entities."""

    kind: EntityKind = Field(default="", description=f"Only this kind: {_KINDS}.")
    q: str = Field(default="", max_length=200, description="Only those with this in one of their names.")
    cursor: str | None = Field(default=None, max_length=200, description="`next_cursor` of the page before.")
    limit: int = Field(default=50, ge=1, le=200)


class EntityRef(BaseModel):
    """An entity by its name."""

    id: UUID
    kind: str
    kind_label: str
    name: str

    @classmethod
    def of_entity(cls, entity: Entity) -> EntityRef:
        """From a row."""
        return cls(id=entity.id, kind=entity.kind, kind_label=label(entity.kind), name=entity.name)


class EntityOut(EntityRef):
    """An entity, and how often it is mentioned."""

    memory_count: int = Field(description="Memories that mention it, the trash left out.")
    first_at: datetime | None = Field(description="When the first of them happened.")
    last_at: datetime | None
    is_hidden: bool

    @classmethod
    def of(cls, entity: Entity, figures: Counted | None) -> EntityOut:
        """From a row and its figures."""
        return cls(
            **EntityRef.of_entity(entity).model_dump(),
            memory_count=figures.memories if figures else 0,
            first_at=figures.first_at if figures else None,
            last_at=figures.last_at if figures else None,
            is_hidden=entity.is_hidden,
        )


class EntityPageOut(BaseModel):
    """A page of entities, the most mentioned first."""

    items: list[EntityOut]
    total: int
    next_cursor: str | None


class EntityNameOut(BaseModel):
    """A name of an entity, and why it is its."""

    id: UUID
    name: str
    mention_count: int
    rule: str
    is_by_hand: bool = Field(description="A person said so, and no rule does otherwise.")

    @classmethod
    def of(cls, row: EntityName) -> EntityNameOut:
        """From a row with `uses`."""
        count = int(getattr(row, "uses", 0))
        return cls(id=row.id, name=row.name, mention_count=count, rule=row.rule, is_by_hand=row.is_by_hand)


class TogetherOut(EntityRef):
    """An entity that is mentioned in the same memories."""

    memory_count: int

    @classmethod
    def of(cls, row: Together) -> TogetherOut:
        """From the selector's row."""
        return cls(**EntityRef.of_entity(row.entity).model_dump(), memory_count=row.memories)


class EntityChangeOut(BaseModel):
    """A correction that a person made."""

    id: UUID
    action: str
    at: datetime
    undone_at: datetime | None

    @classmethod
    def of(cls, row: EntityChange) -> EntityChangeOut:
        """From a row."""
        return cls(id=row.id, action=row.action, at=row.at, undone_at=row.undone_at)


class EntityDetailOut(EntityOut):
    """An entity with its names, its company and its corrections."""

    names: list[EntityNameOut]
    together: list[TogetherOut]
    changes: list[EntityChangeOut]


class EntityPatch(StrictModel):
    """What to correct; parts left out stay."""

    name: EntityTitle = Field(default=NOT_GIVEN)
    kind: EntityKind = Field(default=NOT_GIVEN, description=f"One of {_KINDS}.")
    is_hidden: bool = Field(default=NOT_GIVEN, description="It is nothing: it is marked and listed nowhere.")


class EntityMergeIn(StrictModel):
    """What else is the same."""

    others: list[UUID] = Field(min_length=1, max_length=100, description="Ids of entities.")


class EntitySplitIn(StrictModel):
    """Which names are something else."""

    names: list[UUID] = Field(min_length=1, max_length=100, description="Ids of names of this entity.")


class CorrectedOut(BaseModel):
    """The entity after a correction, and the correction, which can be undone."""

    entity: EntityRef
    change: EntityChangeOut


class MentionOut(BaseModel):
    """Where a memory names something, in characters of its text."""

    memory_id: UUID
    kind: str
    start: int
    end: int
    words: str
    value: str = Field(
        description="The normalised form: a day as 2026-05-08, money as 20 EUR, an address in small letters."
    )
    rule: str = Field(description="Which pattern or pipeline saw it.")
    reason: str = Field(description="Why it is this entity, where its name alone does not say.")
    entity: EntityRef | None = Field(description="None for amounts and times.")
    sentence: str
    occurred_at: datetime

    @classmethod
    def of(cls, row: Mention, memory: Memory) -> MentionOut:
        """From a row and its memory."""
        words = str(row.said.get("words", ""))
        stands = memory.content[row.start : row.end] == words
        return cls(
            memory_id=memory.id,
            kind=row.kind,
            start=row.start,
            end=row.end,
            words=words,
            value=str(row.said.get("value", words)),
            rule=row.rule,
            reason=row.reason,
            entity=EntityRef.of_entity(row.entity) if row.entity else None,
            sentence=excerpt(memory.content, row.start, row.end).sentence if stands else "",
            occurred_at=memory.occurred_at,
        )


class MentionPageOut(BaseModel):
    """Mentions, those of the newest memories first."""

    items: list[MentionOut]
    next_cursor: str | None


class MentionListOut(BaseModel):
    """Everything that one memory names, in the order of its text."""

    items: list[MentionOut]
