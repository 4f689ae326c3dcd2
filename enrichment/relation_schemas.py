"""What goes in and out of the JSON API about facts and the graph."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from enrichment.graph import PHRASE, Edge, GraphFilter, Node
from enrichment.models import FactVerdict, Relation
from enrichment.relations import shown_predicate
from memshadow.lib.strict import Moment, PageQuery, StrictModel


def _end_of_day(value: Any) -> Any:
    """A day alone means its end, in UTC: what began on it had begun."""
    if isinstance(value, str) and len(value) == len("2025-03-01"):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return datetime.combine(day, time.max, tzinfo=UTC)
    return value


AsOf = Annotated[
    Moment,
    BeforeValidator(_end_of_day),
    WithJsonSchema({"type": "string", "examples": ["2025-03-01", "2025-03-01T10:00:00Z"]}),
]


class GraphQuery(StrictModel):
    """Which part of the graph, and as of when."""

    as_of: AsOf | None = Field(default=None, description="What was true then: a day (its end) or a moment; now.")
    known_at: AsOf | None = Field(default=None, description="By what was known then: a day or a moment; now.")
    entity: list[UUID] = Field(default=[], max_length=100, description="Only facts about these (ids of nodes).")
    type: list[str] = Field(default=[], max_length=20, description="Only about these kinds; `phrase` for no entity.")
    predicate: str = Field(default="", max_length=100, description="Only this predicate: `live in`, `work at`.")
    phrases: bool = Field(default=True, description="With things that are no entities.")
    cursor: str | None = Field(default=None, max_length=200, description="`next_cursor` of the page before.")
    limit: int = Field(default=1000, ge=1, le=5000, description="How many edges at most.")

    def wanted(self) -> GraphFilter:
        """As the selector takes it."""
        return GraphFilter(self.as_of, self.known_at, self.entity, self.type, self.predicate, self.phrases)


class NodeOut(BaseModel):
    """An entity, or a phrase that is none."""

    id: UUID = Field(description="The entity's id, where it is one.")
    kind: str = Field(description="The entity's kind, or `phrase`.")
    name: str
    degree: int = Field(description="How many of these edges meet here.")

    @classmethod
    def of(cls, node: Node) -> NodeOut:
        """From the selector's."""
        return cls(id=node.id, kind=node.kind, name=node.name, degree=node.degree)


class EdgeOut(BaseModel):
    """A fact between two nodes, however many memories state it."""

    source: UUID
    target: UUID
    predicate: str
    label: str = Field(description="The predicate behind its subject: `lives in`.")
    fact_id: UUID = Field(description="The surest statement: `GET /relations/{relation_id}`.")
    statements: int = Field(description="How many memories' sentences state it.")
    confidence: float
    valid_from: datetime | None = Field(description="None: not known.")
    valid_to: datetime | None = Field(description="None: still true, as far as known.")

    @classmethod
    def of(cls, edge: Edge) -> EdgeOut:
        """From the selector's."""
        return cls(
            source=edge.source,
            target=edge.target,
            predicate=edge.predicate,
            label=shown_predicate(edge.predicate),
            fact_id=edge.fact_id,
            statements=edge.statements,
            confidence=edge.confidence,
            valid_from=edge.valid_from,
            valid_to=edge.valid_to,
        )


class GraphOut(BaseModel):
    """A page of edges, the most stated first, and the nodes that they join."""

    as_of: datetime
    known_at: datetime
    nodes: list[NodeOut]
    edges: list[EdgeOut]
    total_edges: int
    is_whole: bool = Field(description="False where there are more statements than are read for one graph.")
    next_cursor: str | None


class RelationQuery(PageQuery):
    """Which facts."""

    entity: UUID | None = Field(default=None, description="About this (the id of a node).")
    predicate: str = Field(default="", max_length=100, description="Only this predicate: `live in`.")
    as_of: AsOf | None = Field(default=None, description="Only what was true then. Any time if left out.")
    known_at: AsOf | None = Field(default=None, description="By what was known then. Now if left out.")
    which: Literal["facts", "all", "disputed"] = Field(
        default="facts",
        description="`facts`: what is said to be so; `all`: also what is denied, possible, wanted or told by another; "
        "`disputed`: what you said is wrong.",
    )


class PartOut(BaseModel):
    """Who or what a fact is about."""

    id: UUID = Field(description="Of the node; the entity's where it is one.")
    kind: str
    name: str
    is_entity: bool


class RelationOut(BaseModel):
    """What a sentence of a memory states."""

    id: UUID
    memory_id: UUID
    subject: PartOut
    predicate: str
    label: str = Field(description="The predicate behind its subject: `does not live in`, `might move to`.")
    object: PartOut
    is_negated: bool
    modality: str = Field(description="Empty for what is said to be so.")
    confidence: float
    rule: str = Field(description="How the sentence was read.")
    sentence: str
    start: int
    end: int
    valid_from: datetime | None
    valid_to: datetime | None
    valid_reason: str = Field(description="Why it is true from, or until, then.")
    ended_by: UUID | None = Field(description="The newer fact that ended it.")
    learnt_at: datetime
    unlearnt_at: datetime | None
    occurred_at: datetime
    verdict_id: UUID | None = Field(description="What you said to it: undo it with this id.")

    @classmethod
    def of(cls, row: Relation) -> RelationOut:
        """From a row of `enrichment.facts`."""
        said = row.said
        return cls(
            id=row.id,
            memory_id=row.memory_id,
            subject=part_of(row, "subject"),
            predicate=said["predicate"],
            label=shown_predicate(said["predicate"], row.modality, row.is_negated),
            object=part_of(row, "object"),
            is_negated=row.is_negated,
            modality=row.modality,
            confidence=row.confidence,
            rule=row.rule,
            sentence=said["sentence"],
            start=row.start,
            end=row.end,
            valid_from=row.valid_from,
            valid_to=getattr(row, "ends_at", row.valid_to),
            valid_reason=row.time_rule,
            ended_by=getattr(row, "ended_by", None),
            learnt_at=row.learnt_at,
            unlearnt_at=row.unlearnt_at,
            occurred_at=row.memory.occurred_at,
            verdict_id=getattr(row, "verdict_id", None),
        )


def part_of(row: Relation, side: Literal["subject", "object"]) -> PartOut:
    """A fact's subject or object."""
    entity = row.subject if side == "subject" else row.object
    node = row.subject_node if side == "subject" else row.object_node
    if entity is None:
        return PartOut(id=node, kind=PHRASE, name=row.said[side], is_entity=False)
    return PartOut(id=node, kind=entity.kind, name=entity.name, is_entity=True)


class RelationPageOut(BaseModel):
    """Facts, those learnt last first."""

    items: list[RelationOut]
    next_cursor: str | None


class RelationListOut(BaseModel):
    """Everything that one memory states, in the order of its text."""

    items: list[RelationOut]


class VerdictOut(BaseModel):
    """What a person said to a fact."""

    id: UUID
    action: str = Field(description="reject: it is wrong; both: the newer one does not end it; newer: only that one.")
    at: datetime
    undone_at: datetime | None

    @classmethod
    def of(cls, row: FactVerdict) -> VerdictOut:
        """From a row."""
        return cls(id=row.id, action=row.action, at=row.at, undone_at=row.undone_at)
