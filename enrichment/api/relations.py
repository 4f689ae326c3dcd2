"""Facts and the graph: what memories state, when it is true and known, and what a person says to it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from ninja import Router

from accounts.models import User
from accounts.scopes import ApiRequest, scope
from enrichment import facts
from enrichment.access import relation_or_404, verdict_or_404
from enrichment.graph import graph_of
from enrichment.models import Relation, predicate_key
from enrichment.relation_schemas import (
    EdgeOut,
    GraphOut,
    GraphQuery,
    NodeOut,
    RelationListOut,
    RelationOut,
    RelationPageOut,
    RelationQuery,
    VerdictOut,
)
from enrichment.relations import normal_predicate
from enrichment.services import judging
from memories.access import memory_or_404
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.paging import paginate
from memshadow.lib.strict import StrictQuery

router = Router(tags=["Facts"])


@router.get("/graph", auth=scope("memories:read"), response=GraphOut)
def get_graph(request: ApiRequest, query: Annotated[GraphQuery, StrictQuery(...)]) -> GraphOut:
    """Read the graph of what was true at one time, by what was known at another; a page of edges with their nodes."""
    offset = _offset(query.cursor)
    graph = graph_of(request.auth.owner, query.wanted(), offset=offset, limit=query.limit)
    following = offset + query.limit
    return GraphOut(
        as_of=query.as_of or now(),
        known_at=query.known_at or now(),
        nodes=[NodeOut.of(node) for node in graph.nodes],
        edges=[EdgeOut.of(edge) for edge in graph.edges],
        total_edges=graph.total,
        is_whole=graph.is_whole,
        next_cursor=str(following) if following < graph.total else None,
    )


@router.get("/relations", auth=scope("memories:read"), response=RelationPageOut)
def list_relations(request: ApiRequest, query: Annotated[RelationQuery, StrictQuery(...)]) -> RelationPageOut:
    """List facts with their intervals, those learnt last first."""
    rows = _chosen(request.auth.owner, query)
    page = paginate(facts.with_memory(rows), cursor=query.cursor, limit=query.limit, by="learnt_at")
    return RelationPageOut(items=[RelationOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/relations/{uuid:relation_id}", auth=scope("memories:read"), response=RelationOut)
def get_relation(request: ApiRequest, relation_id: UUID) -> RelationOut:
    """Read one fact, also when you disagreed with it or its memory was edited since."""
    return _shown(request.auth.owner, relation_or_404(request.auth.owner, relation_id))


@router.get("/memories/{uuid:memory_id}/relations", auth=scope("memories:read"), response=RelationListOut)
def list_memory_relations(request: ApiRequest, memory_id: UUID) -> RelationListOut:
    """List everything that a memory states, also what is denied, possible, wanted or told by another."""
    owner = request.auth.owner
    memory = memory_or_404(owner, memory_id)
    rows = facts.with_memory(facts.with_reasons(facts.facts(owner), owner)).filter(memory=memory)
    return RelationListOut(items=[RelationOut.of(row) for row in rows.order_by("start", "id")])


@router.post("/relations/{uuid:relation_id}/reject", auth=scope("memories:write"), response=VerdictOut)
def reject_relation(request: ApiRequest, relation_id: UUID) -> VerdictOut:
    """Say that a fact is wrong, whoever states it. It holds when texts are read again."""
    owner = request.auth.owner
    return VerdictOut.of(judging.reject_fact(owner=owner, relation=relation_or_404(owner, relation_id)))


@router.post("/relations/{uuid:relation_id}/keep", auth=scope("memories:write"), response=VerdictOut)
def keep_relation(request: ApiRequest, relation_id: UUID) -> VerdictOut:
    """Say that a fact still holds beside the newer one that ended it."""
    owner = request.auth.owner
    row = relation_or_404(owner, relation_id)
    return VerdictOut.of(judging.keep_beside_newer(owner=owner, relation=row))


@router.post("/relations/verdicts/{uuid:verdict_id}/undo", auth=scope("memories:write"), response=VerdictOut)
def undo_relation_verdict(request: ApiRequest, verdict_id: UUID) -> VerdictOut:
    """Take back what you said to a fact."""
    owner = request.auth.owner
    verdict = verdict_or_404(owner, verdict_id)
    judging.undo_verdict(owner=owner, verdict=verdict)
    verdict.refresh_from_db()
    return VerdictOut.of(verdict)


def _chosen(owner: User, query: RelationQuery) -> QuerySet[Relation]:
    if query.which == "disputed":
        rows = facts.disputed_relations(owner)
    else:
        rows = facts.with_reasons(facts.facts(owner, query.known_at), owner, query.known_at)
        rows = facts.stated(rows) if query.which == "facts" else rows
        rows = facts.true_at(rows, query.as_of) if query.as_of else rows
    if query.entity:
        rows = facts.about(rows, [query.entity])
    if query.predicate:
        rows = rows.filter(predicate_key=predicate_key(owner.id, normal_predicate(query.predicate)))
    return rows


def _shown(owner: User, row: Relation) -> RelationOut:
    """With what ended it, or what was said to it."""
    known = facts.with_memory(facts.with_reasons(facts.facts(owner), owner)).filter(id=row.id).first()
    disputed = facts.with_memory(facts.disputed_relations(owner)).filter(id=row.id).first()
    return RelationOut.of(known or disputed or row)


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 9:
        raise ValidationFailed("That cursor is not valid; ask for the first page without one.")
    return int(cursor)
