"""The trash: what is in it, and emptying it."""

from __future__ import annotations

from typing import Annotated

from ninja import Router

from accounts.scopes import ApiRequest, scope
from memories import selectors
from memories.filters import MemoryFilter
from memories.models import State
from memories.schemas import ErasedOut, MemoryOut, MemoryPageOut
from memories.services import lifecycle
from memshadow.lib.strict import PageQuery, StrictQuery

router = Router(tags=["Trash"])


@router.get("/trash", auth=scope("memories:read"), response=MemoryPageOut)
def list_trash(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> MemoryPageOut:
    """List what is in the trash, latest deletion first."""
    page = selectors.memory_page(
        request.auth.owner,
        MemoryFilter(states=(State.DELETED,)),
        cursor=query.cursor,
        limit=query.limit,
        by="updated_at",
    )
    return MemoryPageOut(items=[MemoryOut.of(memory) for memory in page.items], next_cursor=page.next_cursor)


@router.delete("/trash", auth=scope("memories:delete", confirmed=True), response=ErasedOut)
def empty_trash(request: ApiRequest) -> ErasedOut:
    """Erase everything in the trash for good, with its history and everything derived from it."""
    return ErasedOut(erased=lifecycle.empty_trash(owner=request.auth.owner, by=request.auth.person))
