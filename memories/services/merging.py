"""Merging duplicates: one stays, the others are superseded by it, and all of it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import transaction

from accounts.models import User
from memories import indexing
from memories.drafts import TAGS_MAX
from memories.models import Memory, MemoryLink, MemoryRevision, State
from memories.services.revising import By, add_revision, snapshot_of, writable
from memories.services.tagging import set_tags
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, ValidationFailed


@transaction.atomic
def merge_memories(*, owner: User, keep_id: UUID, other_ids: Sequence[UUID], by: By) -> Memory:
    """Keep one memory and supersede the others with it.

    The kept one takes over their tags, pins, sightings and earliest time; the others stay readable, linked as
    duplicates, and can be restored. Raises ValidationFailed, NotFound, or Conflict for memories in the trash.
    """
    others = sorted(set(other_ids) - {keep_id})
    if not others:
        raise ValidationFailed("Choose at least two memories to merge.", field="ids")
    locked = {memory_id: writable(owner, memory_id) for memory_id in sorted([keep_id, *others])}
    if any(memory.state == State.DELETED for memory in locked.values()):
        raise Conflict("A memory in the trash cannot be merged; restore it first.")
    kept, absorbed = locked[keep_id], [locked[i] for i in others]
    _supersede(kept, absorbed, by)
    _absorb(kept, absorbed, by)
    indexing.refresh_filters(owner.id, list(locked))
    return kept


def _supersede(kept: Memory, absorbed: list[Memory], by: By) -> None:
    reason = replace(by, reason=by.reason or f"merged into {kept.id}")
    for memory in absorbed:
        add_revision(memory, MemoryRevision.Action.SUPERSEDED, reason, snapshot_of(memory))
        memory.state, memory.state_changed_at, memory.updated_at = State.SUPERSEDED, now(), now()
        memory.save(update_fields=["state", "state_changed_at", "updated_at", "revision_count"])
        MemoryLink.objects.get_or_create(
            owner_id=kept.owner_id,
            from_memory=kept,
            to_memory=memory,
            relation=MemoryLink.Relation.DUPLICATES,
            defaults={"reason": reason.reason[:200]},
        )


def _absorb(kept: Memory, absorbed: list[Memory], by: By) -> None:
    before = snapshot_of(kept)
    tags = dict.fromkeys(tag.name for memory in [kept, *absorbed] for tag in memory.tags.all())
    reason = replace(by, reason=by.reason or f"took in {len(absorbed)} duplicates")
    add_revision(kept, MemoryRevision.Action.MERGED, reason, before)
    kept.pinned = kept.pinned or any(memory.pinned for memory in absorbed)
    kept.sightings += sum(memory.sightings for memory in absorbed)
    kept.occurred_at = min(memory.occurred_at for memory in [kept, *absorbed])
    kept.importance = max(memory.importance for memory in [kept, *absorbed])
    kept.updated_at = now()
    kept.save()
    set_tags(memory=kept, names=list(tags)[:TAGS_MAX])
