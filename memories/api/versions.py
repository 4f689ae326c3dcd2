"""A memory's life: restore, archive, history, undo, and what is related to it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Path, Router
from pydantic import BaseModel, Field

from accounts.scopes import ApiRequest, scope
from memories import retrieval
from memories.access import memory_or_404
from memories.api.history import RevisionPageOut, revision_page
from memories.api.parameters import by
from memories.schemas import MemoryOut
from memories.services import lifecycle, revising
from memshadow.lib.strict import StrictModel, StrictQuery

router = Router(tags=["Memories"])

RevisionNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="The revision's number in the history.")]


class HistoryQuery(StrictModel):
    """Which page of the history."""

    cursor: str | None = Field(
        default=None, max_length=20, pattern=r"^[0-9]{1,9}$", description="`next_cursor` of the page before."
    )
    limit: int = Field(default=20, ge=1, le=200)


class RelatedQuery(StrictModel):
    """How many."""

    limit: int = Field(default=10, ge=1, le=100)


class RelatedOut(BaseModel):
    """A memory, and how near its meaning is."""

    memory: MemoryOut
    similarity: float = Field(description="Cosine of the two meanings, up to 1.")


class RelatedListOut(BaseModel):
    """Related memories, nearest first."""

    items: list[RelatedOut]


@router.post("/memories/{uuid:memory_id}/restore", auth=scope("memories:write"), response=MemoryOut)
def restore_memory(request: ApiRequest, memory_id: UUID) -> MemoryOut:
    """Bring a memory back from the archive, the trash, or from being superseded."""
    lifecycle.restore_memory(owner=request.auth.owner, memory_id=memory_id, by=by(request))
    return MemoryOut.of(memory_or_404(request.auth.owner, memory_id))


@router.post("/memories/{uuid:memory_id}/archive", auth=scope("memories:write"), response=MemoryOut)
def archive_memory(request: ApiRequest, memory_id: UUID) -> MemoryOut:
    """Take a memory out of everyday search."""
    lifecycle.archive_memory(owner=request.auth.owner, memory_id=memory_id, by=by(request))
    return MemoryOut.of(memory_or_404(request.auth.owner, memory_id))


@router.get("/memories/{uuid:memory_id}/history", auth=scope("memories:read"), response=RevisionPageOut)
def get_history(
    request: ApiRequest, memory_id: UUID, query: Annotated[HistoryQuery, StrictQuery(...)]
) -> RevisionPageOut:
    """List what was changed, newest first, each change with a unified diff of the text."""
    memory = memory_or_404(request.auth.owner, memory_id)
    return revision_page(memory, before=int(query.cursor) if query.cursor else None, limit=query.limit)


@router.post("/memories/{uuid:memory_id}/undo/{int:number}", auth=scope("memories:write"), response=MemoryOut)
def undo_revision(request: ApiRequest, memory_id: UUID, number: RevisionNumber) -> MemoryOut:
    """Return a memory to what it was before a revision; the present becomes a revision too."""
    revising.undo(owner=request.auth.owner, memory_id=memory_id, number=number, by=by(request))
    return MemoryOut.of(memory_or_404(request.auth.owner, memory_id))


@router.get("/memories/{uuid:memory_id}/related", auth=scope("memories:read"), response=RelatedListOut)
def get_related(
    request: ApiRequest, memory_id: UUID, query: Annotated[RelatedQuery, StrictQuery(...)]
) -> RelatedListOut:
    """List the memories whose meaning is nearest."""
    owner = request.auth.owner
    near = retrieval.related(owner, memory_or_404(owner, memory_id), limit=query.limit)
    items = [RelatedOut(memory=MemoryOut.of(memory), similarity=round(cosine, 4)) for memory, cosine in near]
    return RelatedListOut(items=items)
