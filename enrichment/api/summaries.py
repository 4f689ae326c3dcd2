"""Summaries of memories, conversations, days, weeks, personas and tags, and the timeline."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.db.models import Q
from ninja import Router

from accounts.models import User
from accounts.scopes import ApiRequest, scope
from enrichment.access import rollup_or_404
from enrichment.models import Rollup
from enrichment.summary_schemas import (
    MemorySummaryOut,
    RollupOut,
    RollupPageOut,
    RollupQuery,
    TimelineOut,
    TimelineQuery,
)
from enrichment.summary_selectors import cited_by, rollup_of, rollups, summary_of
from enrichment.timeline import stretch
from memories.access import conversation_or_404, memory_or_404
from memshadow.lib.errors import NotFound
from memshadow.lib.paging import paginate
from memshadow.lib.strict import StrictQuery

router = Router(tags=["Summaries"])


@router.get("/memories/{uuid:memory_id}/summary", auth=scope("memories:read"), response=MemorySummaryOut)
def get_memory_summary(request: ApiRequest, memory_id: UUID) -> MemorySummaryOut:
    """Say in short what a memory of more than fifty words says, in its own sentences."""
    owner = request.auth.owner
    return MemorySummaryOut.of(summary_of(owner, memory_or_404(owner, memory_id)))


@router.get("/conversations/{uuid:conversation_id}/summary", auth=scope("memories:read"), response=RollupOut)
def get_conversation_summary(request: ApiRequest, conversation_id: UUID) -> RollupOut:
    """Say what a conversation is about; 404 while it is not summed up, and for one of less than three turns."""
    owner = request.auth.owner
    row = rollup_of(owner, kind=Rollup.Kind.CONVERSATION, conversation=conversation_or_404(owner, conversation_id))
    if row is None:
        raise NotFound("This conversation has no summary yet; it is made in the background, from three turns on.")
    return _shown(owner, row)


@router.get("/summaries", auth=scope("memories:read"), response=RollupPageOut)
def list_summaries(request: ApiRequest, query: Annotated[RollupQuery, StrictQuery(...)]) -> RollupPageOut:
    """List summaries of conversations, days, weeks, personas and tags, those made last first."""
    owner = request.auth.owner
    rows = rollups(owner).filter(
        Q(kind=query.kind) if query.kind else Q(),
        Q(day__gte=query.since) if query.since else Q(),
        Q(day__lte=query.until) if query.until else Q(),
    )
    page = paginate(rows, cursor=query.cursor, limit=query.limit, by="made_at")
    cited = cited_by(owner, [row.id for row in page.items])
    items = [RollupOut.of(row, cited.get(row.id, [])) for row in page.items]
    return RollupPageOut(items=items, next_cursor=page.next_cursor)


@router.get("/summaries/{uuid:summary_id}", auth=scope("memories:read"), response=RollupOut)
def get_summary(request: ApiRequest, summary_id: UUID) -> RollupOut:
    """Read one summary with the memories that it cites."""
    owner = request.auth.owner
    return _shown(owner, rollup_or_404(owner, summary_id))


@router.get("/timeline", auth=scope("memories:read"), response=TimelineOut)
def get_timeline(request: ApiRequest, query: Annotated[TimelineQuery, StrictQuery(...)]) -> TimelineOut:
    """Read what some weeks and their days were about, newest first."""
    return TimelineOut.of(stretch(request.auth.owner, until=query.until, weeks=query.weeks))


def _shown(owner: User, row: Rollup) -> RollupOut:
    return RollupOut.of(row, cited_by(owner, [row.id]).get(row.id, []))
