"""Decisions and action items: of a memory, the list of what is to be done, and what a person says of one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Router

from accounts.scopes import ApiRequest, scope
from enrichment.access import point_or_404
from enrichment.services.recording_points import mark_point
from enrichment.summary_schemas import PointListOut, PointOut, PointPageOut, PointPatch, PointQuery
from enrichment.summary_selectors import action_items, points_in, shown_points
from memories.access import memory_or_404
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.strict import StrictQuery

router = Router(tags=["Action items"])


@router.get("/memories/{uuid:memory_id}/points", auth=scope("memories:read"), response=PointListOut)
def list_points(request: ApiRequest, memory_id: UUID) -> PointListOut:
    """List what a memory says was decided, and what somebody has to do."""
    owner = request.auth.owner
    found = points_in(owner, [memory_or_404(owner, memory_id).id])
    return PointListOut(items=[PointOut.of(one) for one in found])


@router.get("/action-items", auth=scope("memories:read"), response=PointPageOut)
def list_action_items(request: ApiRequest, query: Annotated[PointQuery, StrictQuery(...)]) -> PointPageOut:
    """List what somebody has to do, the most urgent first, by `state` and day."""
    owner, offset = request.auth.owner, _offset(query.cursor)
    state = "" if query.state == "any" else query.state
    rows = action_items(owner, state=state, due_by=query.due_by)[offset : offset + query.limit + 1]
    found = shown_points(owner, rows)
    following = str(offset + query.limit) if len(found) > query.limit else None
    return PointPageOut(items=[PointOut.of(one) for one in found[: query.limit]], next_cursor=following)


@router.patch("/points/{uuid:point_id}", auth=scope("memories:write"), response=PointOut)
def mark_point_as(request: ApiRequest, point_id: UUID, patch: PointPatch) -> PointOut:
    """Say that a point is done, open again, or none. It holds when the memory is read again."""
    owner = request.auth.owner
    row = mark_point(owner=owner, point=point_or_404(owner, point_id), state=patch.state)
    return PointOut.of(shown_points(owner, [row])[0])


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 9:
        raise ValidationFailed("That cursor is not valid; ask for the first page without one.")
    return int(cursor)
