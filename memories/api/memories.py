"""Memories: create, list, read, change, delete."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Header, Router
from ninja.responses import Status
from pydantic import Field

from accounts.scopes import ApiRequest, require_confirmed_session, scope
from memories import selectors
from memories.access import memory_or_404
from memories.api.batch_errors import numbered
from memories.api.parameters import MemoryQuery, by
from memories.models import State
from memories.schemas import (
    BatchIn,
    BatchOut,
    BulkIn,
    BulkOut,
    MemoryIn,
    MemoryOut,
    MemoryPageOut,
    MemoryPatch,
    MergeIn,
    OutcomeOut,
)
from memories.services import lifecycle, merging, revising
from memories.services.idempotency import capture_once
from memshadow.lib.errors import Conflict
from memshadow.lib.strict import StrictModel, StrictQuery

router = Router(tags=["Memories"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        None,
        alias="Idempotency-Key",
        description="Any text of yours; repeating a request with it changes nothing.",
    ),
]


class DeleteQuery(StrictModel):
    """How to delete."""

    permanent: bool = Field(default=False, description="Erase it for good; only what is in the trash can be erased.")


@router.post("/memories", auth=scope("memories:write"), response={201: MemoryOut, 200: MemoryOut})
def create_memory(
    request: ApiRequest, response: HttpResponse, memory: MemoryIn, idempotency_key: IdempotencyKey
) -> Status[MemoryOut]:
    """Store a memory.

    201: it is new. 200: exactly this was there already, and counts one more sighting. Once answered, it
    is committed; it is found by its words at once and by its meaning within seconds.
    """
    owner = request.auth.owner
    (outcome,) = capture_once(owner=owner, drafts=[memory.draft()], key=idempotency_key)
    response["Location"] = f"/api/v1/memories/{outcome.id}"
    return Status(201 if outcome.created else 200, MemoryOut.of(memory_or_404(owner, outcome.id)))


@router.post("/memories/batch", auth=scope("memories:write"), response=BatchOut)
def create_memories(request: ApiRequest, batch: BatchIn, idempotency_key: IdempotencyKey) -> BatchOut:
    """Store up to 1,000 memories, all or none."""
    drafts = [memory.draft() for memory in batch.memories]
    with numbered("memories"):
        outcomes = capture_once(owner=request.auth.owner, drafts=drafts, key=idempotency_key)
    items = [OutcomeOut.of(outcome) for outcome in outcomes]
    return BatchOut(items=items, created=sum(item.created for item in items))


@router.get("/memories", auth=scope("memories:read"), response=MemoryPageOut)
def list_memories(request: ApiRequest, query: Annotated[MemoryQuery, StrictQuery(...)]) -> MemoryPageOut:
    """List memories, newest first."""
    page = selectors.memory_page(
        request.auth.owner, query.wanted(), cursor=query.cursor, limit=query.limit, by=query.order_by
    )
    return MemoryPageOut(
        items=[MemoryOut.of(memory, mask_secrets=query.mask_secrets) for memory in page.items],
        next_cursor=page.next_cursor,
    )


@router.post("/memories/merge", auth=scope("memories:write"), response=MemoryOut)
def merge_memories(request: ApiRequest, merge: MergeIn) -> MemoryOut:
    """Merge duplicates into one memory.

    It takes over tags, pins, sightings and the earliest time; the others are superseded and can be
    restored.
    """
    owner = request.auth.owner
    kept = merging.merge_memories(
        owner=owner, keep_id=merge.keep_id, other_ids=merge.other_ids, by=by(request, merge.reason)
    )
    return MemoryOut.of(memory_or_404(owner, kept.id))


@router.post("/memories/bulk", auth=scope("memories:write"), response=BulkOut)
def change_many(request: ApiRequest, bulk: BulkIn) -> BulkOut:
    """Do one thing to many memories, to all or to none. To delete them needs the scope `memories:delete` too."""
    if bulk.action == "delete":
        request.auth.require("memories:delete")
    count = lifecycle.apply_to_many(
        owner=request.auth.owner, memory_ids=bulk.ids, action=bulk.action, by=by(request, bulk.reason)
    )
    return BulkOut(count=count)


@router.get("/memories/{uuid:memory_id}", auth=scope("memories:read"), response=MemoryOut)
def get_memory(request: ApiRequest, memory_id: UUID) -> MemoryOut:
    """Read one memory, in whatever state."""
    return MemoryOut.of(memory_or_404(request.auth.owner, memory_id))


@router.patch("/memories/{uuid:memory_id}", auth=scope("memories:write"), response=MemoryOut)
def edit_memory(request: ApiRequest, memory_id: UUID, patch: MemoryPatch) -> MemoryOut:
    """Change a memory; what it was stays in its history."""
    owner = request.auth.owner
    revising.edit_memory(owner=owner, memory_id=memory_id, change=patch.change(), by=by(request, patch.reason))
    return MemoryOut.of(memory_or_404(owner, memory_id))


@router.delete("/memories/{uuid:memory_id}", auth=scope("memories:delete"), response={204: None})
def delete_memory(
    request: ApiRequest, memory_id: UUID, query: Annotated[DeleteQuery, StrictQuery(...)]
) -> Status[None]:
    """Move a memory to the trash, or erase it from there for good.

    With `permanent=true` a memory that is in the trash is erased with its history and everything
    derived from it.
    """
    owner = request.auth.owner
    if not query.permanent:
        lifecycle.delete_memory(owner=owner, memory_id=memory_id, by=by(request))
    elif memory_or_404(owner, memory_id).state != State.DELETED:
        raise Conflict("Only what is in the trash can be erased; delete it without permanent=true first.")
    else:
        require_confirmed_session(request)
        lifecycle.empty_trash(owner=owner, by=request.auth.person, memory_ids=[memory_id])
    return Status(204, None)
