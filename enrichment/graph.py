"""The graph of what is known: entities and phrases, joined by facts that are true at one time as known at another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from enrichment import facts
from enrichment.models import Entity, Relation, predicate_key
from enrichment.relations import normal_predicate
from memshadow.lib.clock import now

PHRASE: Final = "phrase"
# Statements that are looked at for one graph, the newest first.
STATEMENTS_MAX: Final = 20_000
_COLUMNS: Final = ("id", "subject_node", "predicate_key", "object_node", "valid_from", "ends_at", "confidence")


@dataclass(frozen=True, slots=True)
class GraphFilter:
    """Which part of the graph, and as of when.

    `as_of`: what was true then; `known_at`: by what was known then. Both are now where they are None. `entities` and
    `kinds`: one end at least is of these; `phrases=False` leaves out what is no entity.
    """

    as_of: datetime | None = None
    known_at: datetime | None = None
    entities: Collection[UUID] = ()
    kinds: Collection[str] = ()
    predicate: str = ""
    phrases: bool = True


@dataclass(frozen=True, slots=True)
class Node:
    """An entity, or a phrase (`kind` is then 'phrase'), and how many of the edges here meet in it."""

    id: UUID
    kind: str
    name: str
    degree: int


@dataclass(slots=True)
class Edge:
    """A fact, however many memories state it. `fact_id` is the surest statement of it."""

    source: UUID
    target: UUID
    fact_id: UUID
    confidence: float
    valid_from: datetime | None
    valid_to: datetime | None
    statements: int = 1
    predicate: str = ""


@dataclass(slots=True)
class Graph:
    """A page of edges, the most stated first, and their nodes. `is_whole`: no statement was left unread."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    total: int = 0
    is_whole: bool = True


def graph_of(owner: User, wanted: GraphFilter, *, offset: int = 0, limit: int = 1000) -> Graph:
    """The owner's graph. Nothing is opened but what the page shows."""
    rows = _rows(owner, wanted).order_by("-learnt_at", "-id").values_list(*_COLUMNS)[: STATEMENTS_MAX + 1]
    listed = list(rows)
    edges = sorted(_edges(listed[:STATEMENTS_MAX]), key=lambda edge: (-edge.statements, edge.fact_id))
    page = edges[offset : offset + limit]
    return Graph(nodes=_named(owner, page), edges=page, total=len(edges), is_whole=len(listed) <= STATEMENTS_MAX)


def _rows(owner: User, wanted: GraphFilter) -> QuerySet[Relation]:
    rows = facts.stated(facts.facts(owner, wanted.known_at))
    rows = facts.true_at(rows, wanted.as_of or now())
    if wanted.entities:
        rows = facts.about(rows, wanted.entities)
    if wanted.kinds:
        rows = rows.filter(_of_kinds(wanted.kinds))
    if not wanted.phrases:
        rows = rows.filter(subject__isnull=False, object__isnull=False)
    if wanted.predicate:
        rows = rows.filter(predicate_key=predicate_key(owner.id, normal_predicate(wanted.predicate)))
    return rows


def _of_kinds(kinds: Collection[str]) -> Q:
    found = Q(subject__kind__in=kinds) | Q(object__kind__in=kinds)
    return found | Q(subject=None) | Q(object=None) if PHRASE in kinds else found


def _edges(rows: Iterable[tuple[Any, ...]]) -> Iterable[Edge]:
    found: dict[tuple[UUID, bytes, UUID], Edge] = {}
    for fact_id, source, predicate, target, begun, over, confidence in rows:
        key = (source, bytes(predicate), target)
        if key not in found:
            found[key] = Edge(source, target, fact_id, confidence, begun, over)
        else:
            _join(found[key], fact_id, begun, over, confidence)
    return found.values()


def _join(edge: Edge, fact_id: UUID, begun: datetime | None, over: datetime | None, confidence: float) -> None:
    """The same stated once more: true from the earliest beginning to the latest end."""
    edge.statements += 1
    edge.valid_from = min(edge.valid_from, begun) if edge.valid_from and begun else None
    edge.valid_to = max(edge.valid_to, over) if edge.valid_to and over else None
    if confidence > edge.confidence:
        edge.confidence, edge.fact_id = confidence, fact_id


def _named(owner: User, edges: Sequence[Edge]) -> list[Node]:
    """The nodes of these edges; the edges learn their predicates."""
    rows = Relation.objects.filter(owner=owner).in_bulk([edge.fact_id for edge in edges])
    degrees = Counter(end for edge in edges for end in {edge.source, edge.target})
    entities = Entity.objects.filter(owner=owner).in_bulk(list(degrees))
    names: dict[UUID, str] = {}
    for edge in edges:
        said = rows[edge.fact_id].said
        edge.predicate = str(said["predicate"])
        names[edge.source], names[edge.target] = str(said["subject"]), str(said["object"])
    return [_node(key, entities.get(key), names[key], degree) for key, degree in degrees.most_common()]


def _node(key: UUID, entity: Entity | None, phrase: str, degree: int) -> Node:
    if entity is None:
        return Node(key, PHRASE, phrase, degree)
    return Node(key, entity.kind, entity.name, degree)
