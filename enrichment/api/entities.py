"""Entities: list, read, correct; and what mentions them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from ninja import Router
from ninja.responses import Status

from accounts.models import User
from accounts.scopes import ApiRequest, scope
from enrichment import entity_selectors as selectors
from enrichment.access import change_or_404, entity_or_404
from enrichment.models import Entity, EntityChange
from enrichment.schemas import (
    CorrectedOut,
    EntityChangeOut,
    EntityDetailOut,
    EntityMergeIn,
    EntityNameOut,
    EntityOut,
    EntityPageOut,
    EntityPatch,
    EntityQuery,
    EntityRef,
    EntitySplitIn,
    MentionListOut,
    MentionOut,
    MentionPageOut,
    TogetherOut,
)
from enrichment.services import correcting
from memories.access import memory_or_404
from memories.models import Memory
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.paging import paginate
from memshadow.lib.strict import PageQuery, StrictQuery

router = Router(tags=["Entities"])
_CHANGES = 50


@router.get("/entities", auth=scope("memories:read"), response=EntityPageOut)
def list_entities(request: ApiRequest, query: Annotated[EntityQuery, StrictQuery(...)]) -> EntityPageOut:
    """List what memories name, the most mentioned first."""
    offset = _offset(query.cursor)
    rows, total = selectors.counted_entities(
        request.auth.owner, kind=query.kind, words=query.q, offset=offset, limit=query.limit
    )
    following = offset + query.limit
    return EntityPageOut(
        items=[EntityOut.of(row.entity, row) for row in rows],
        total=total,
        next_cursor=str(following) if following < total else None,
    )


@router.get("/entities/{uuid:entity_id}", auth=scope("memories:read"), response=EntityDetailOut)
def get_entity(request: ApiRequest, entity_id: UUID) -> EntityDetailOut:
    """Read one entity with its names, what is mentioned with it, and its corrections.

    What was merged into another answers with that one.
    """
    owner = request.auth.owner
    return _detail(owner, entity_or_404(owner, entity_id))


@router.get("/entities/{uuid:entity_id}/mentions", auth=scope("memories:read"), response=MentionPageOut)
def list_mentions(
    request: ApiRequest, entity_id: UUID, query: Annotated[PageQuery, StrictQuery(...)]
) -> MentionPageOut:
    """List the sentences that mention an entity; a page has all mentions of `limit` memories."""
    owner = request.auth.owner
    entity = entity_or_404(owner, entity_id)
    memories = selectors.memories_mentioning(owner, entity)
    page = paginate(memories, cursor=query.cursor, limit=query.limit, by="occurred_at")
    items = [one for one in _mentions(owner, page.items) if one.entity and one.entity.id == entity.id]
    return MentionPageOut(items=items, next_cursor=page.next_cursor)


@router.get("/memories/{uuid:memory_id}/entities", auth=scope("memories:read"), response=MentionListOut)
def list_memory_entities(request: ApiRequest, memory_id: UUID) -> MentionListOut:
    """List everything that a memory names: entities, amounts and times, with their places in its text."""
    owner = request.auth.owner
    return MentionListOut(items=_mentions(owner, [memory_or_404(owner, memory_id)]))


@router.patch("/entities/{uuid:entity_id}", auth=scope("memories:write"), response=EntityDetailOut)
def correct_entity(request: ApiRequest, entity_id: UUID, patch: EntityPatch) -> EntityDetailOut:
    """Rename an entity, say what kind it is, or hide it. It holds when the text is read again."""
    owner = request.auth.owner
    entity, given = entity_or_404(owner, entity_id), patch.model_dump(exclude_unset=True)
    if "name" in given:
        correcting.rename_entity(owner=owner, entity=entity, name=given["name"])
    if "kind" in given:
        correcting.sort_entity(owner=owner, entity=entity, kind=given["kind"])
    if "is_hidden" in given:
        correcting.hide_entity(owner=owner, entity=entity, hidden=given["is_hidden"])
    return _detail(owner, entity)


@router.post("/entities/{uuid:entity_id}/merge", auth=scope("memories:write"), response=CorrectedOut)
def merge_entities(request: ApiRequest, entity_id: UUID, merge: EntityMergeIn) -> CorrectedOut:
    """Make other entities part of this one; their names mean it from now on."""
    owner = request.auth.owner
    entity = entity_or_404(owner, entity_id)
    others = [entity_or_404(owner, other) for other in dict.fromkeys(merge.others)]
    return _corrected(entity, correcting.merge_entities(owner=owner, into=entity, others=others))


@router.post("/entities/{uuid:entity_id}/split", auth=scope("memories:write"), response={201: CorrectedOut})
def split_entity(request: ApiRequest, entity_id: UUID, split: EntitySplitIn) -> Status[CorrectedOut]:
    """Make some of an entity's names another one; answers with the new one."""
    owner = request.auth.owner
    entity = entity_or_404(owner, entity_id)
    fresh, change = correcting.split_entity(owner=owner, entity=entity, names=split.names)
    return Status(201, _corrected(fresh, change))


@router.post("/entities/changes/{uuid:change_id}/undo", auth=scope("memories:write"), response=EntityDetailOut)
def undo_entity_change(request: ApiRequest, change_id: UUID) -> EntityDetailOut:
    """Take a correction back."""
    owner = request.auth.owner
    change = change_or_404(owner, change_id)
    return _detail(owner, correcting.undo_change(owner=owner, change=change))


def _detail(owner: User, entity: Entity) -> EntityDetailOut:
    return EntityDetailOut(
        **EntityOut.of(entity, selectors.counted(owner, entity)).model_dump(),
        names=[EntityNameOut.of(row) for row in selectors.names_of(owner, entity)],
        together=[TogetherOut.of(row) for row in selectors.together_with(owner, entity)],
        changes=[EntityChangeOut.of(row) for row in selectors.changes_of(owner, entity)[:_CHANGES]],
    )


def _corrected(entity: Entity, change: EntityChange) -> CorrectedOut:
    return CorrectedOut(entity=EntityRef.of_entity(entity), change=EntityChangeOut.of(change))


def _mentions(owner: User, memories: Sequence[Memory]) -> list[MentionOut]:
    by_id = {memory.id: memory for memory in memories}
    order = list(by_id)
    rows = selectors.mentions_in(owner, order)
    return sorted(
        (MentionOut.of(row, by_id[row.memory_id]) for row in rows),
        key=lambda one: (order.index(one.memory_id), one.start),
    )


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 9:
        raise ValidationFailed("That cursor is not valid; ask for the first page without one.")
    return int(cursor)
