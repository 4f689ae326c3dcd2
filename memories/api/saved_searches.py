"""Saved searches: list, save, change and forget."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field, StringConstraints

from accounts.scopes import ApiRequest, scope
from memories import selectors
from memories.access import saved_search_or_404
from memories.models import SavedSearch
from memories.services import saved_searches as services
from memshadow.lib.strict import NOT_GIVEN, StrictModel

router = Router(tags=["Saved searches"])

Name = Annotated[str, StringConstraints(min_length=1, max_length=services.NAME_MAX_CHARS)]
Query = Annotated[str, StringConstraints(min_length=1, max_length=services.QUERY_MAX_CHARS)]


class SavedSearchIn(StrictModel):
    """A query under a name."""

    name: Name = Field(examples=["Decisions about the house"])
    query: Query = Field(description="As `q` of a search, filters included.", examples=["tag:house after:2025 decided"])


class SavedSearchPatch(StrictModel):
    """What to change; parts left out stay."""

    name: Name = Field(default=NOT_GIVEN)
    query: Query = Field(default=NOT_GIVEN)


class SavedSearchOut(BaseModel):
    """A saved search; send its `query` as `q` to run it."""

    id: UUID
    name: str
    query: str
    created_at: datetime
    last_used_at: datetime | None = Field(description="When it was last opened in the dashboard.")

    @classmethod
    def of(cls, saved: SavedSearch) -> SavedSearchOut:
        """From the row."""
        return cls(**{name: getattr(saved, name) for name in cls.model_fields})


class SavedSearchListOut(BaseModel):
    """All saved searches, by name."""

    items: list[SavedSearchOut]


@router.get("/saved-searches", auth=scope("memories:read"), response=SavedSearchListOut)
def list_saved_searches(request: ApiRequest) -> SavedSearchListOut:
    """List saved searches by name."""
    rows = selectors.saved_searches_for(request.auth.owner)
    return SavedSearchListOut(items=[SavedSearchOut.of(row) for row in rows])


@router.post("/saved-searches", auth=scope("memories:write"), response={201: SavedSearchOut})
def save_search(request: ApiRequest, search: SavedSearchIn) -> Status[SavedSearchOut]:
    """Save a query under a name."""
    saved = services.save_search(owner=request.auth.owner, name=search.name, query=search.query)
    return Status(201, SavedSearchOut.of(saved))


@router.get("/saved-searches/{uuid:search_id}", auth=scope("memories:read"), response=SavedSearchOut)
def get_saved_search(request: ApiRequest, search_id: UUID) -> SavedSearchOut:
    """Read one saved search."""
    return SavedSearchOut.of(saved_search_or_404(request.auth.owner, search_id))


@router.patch("/saved-searches/{uuid:search_id}", auth=scope("memories:write"), response=SavedSearchOut)
def edit_saved_search(request: ApiRequest, search_id: UUID, patch: SavedSearchPatch) -> SavedSearchOut:
    """Rename a saved search or change its query."""
    saved = saved_search_or_404(request.auth.owner, search_id)
    return SavedSearchOut.of(services.edit_saved_search(saved=saved, **patch.model_dump(exclude_unset=True)))


@router.delete("/saved-searches/{uuid:search_id}", auth=scope("memories:delete"), response={204: None})
def delete_saved_search(request: ApiRequest, search_id: UUID) -> Status[None]:
    """Forget a saved search; the memories that it finds stay."""
    services.delete_saved_search(saved=saved_search_or_404(request.auth.owner, search_id))
    return Status(204, None)
