"""Tags: list, rename, remove."""

from __future__ import annotations

from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from accounts.scopes import ApiRequest, scope
from memories import selectors
from memories.access import tag_or_404
from memories.schemas import TagName
from memories.services import tagging
from memshadow.lib.strict import StrictModel

router = Router(tags=["Tags"])


class TagOut(BaseModel):
    """A tag."""

    id: UUID
    name: str


class TagCountOut(TagOut):
    """A tag, and how many memories carry it."""

    memory_count: int = Field(description="The trash left out.")


class TagListOut(BaseModel):
    """All tags, by name."""

    items: list[TagCountOut]


class TagPatch(StrictModel):
    """The new name. When another tag has it, the two become one."""

    name: TagName


@router.get("/tags", auth=scope("memories:read"), response=TagListOut)
def list_tags(request: ApiRequest) -> TagListOut:
    """List tags by name."""
    rows = selectors.tags_for(request.auth.owner)
    return TagListOut(
        items=[TagCountOut(id=row.id, name=row.name, memory_count=getattr(row, "memory_count", 0)) for row in rows]
    )


@router.patch("/tags/{uuid:tag_id}", auth=scope("memories:write"), response=TagOut)
def rename_tag(request: ApiRequest, tag_id: UUID, patch: TagPatch) -> TagOut:
    """Rename a tag; answers with the tag that remains."""
    tag = tagging.rename_tag(tag=tag_or_404(request.auth.owner, tag_id), name=patch.name)
    return TagOut(id=tag.id, name=tag.name)


@router.delete("/tags/{uuid:tag_id}", auth=scope("memories:delete"), response={204: None})
def delete_tag(request: ApiRequest, tag_id: UUID) -> Status[None]:
    """Remove a tag from every memory; the memories stay."""
    tagging.delete_tag(tag=tag_or_404(request.auth.owner, tag_id))
    return Status(204, None)
