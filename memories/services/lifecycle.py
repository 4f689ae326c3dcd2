"""Archive, trash and back again; and the only true erasure, which a person asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import transaction

from accounts.audit import record
from accounts.models import User
from memories import indexing
from memories.models import Conversation, Memory, MemoryLink, MemoryRevision, State
from memories.services.revising import By, add_revision, snapshot_of, writable
from memories.services.rules import drop_unfounded
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, PermissionRefused, ValidationFailed

Action = MemoryRevision.Action
_ERASE_BATCH = 1000


def archive_memory(*, owner: User, memory_id: UUID, by: By) -> Memory:
    """Take a memory out of everyday search. Raises Conflict when it is in the trash."""
    return _move(owner, memory_id, State.ARCHIVED, Action.ARCHIVED, by, refuse={State.DELETED})


def restore_memory(*, owner: User, memory_id: UUID, by: By) -> Memory:
    """Bring a memory back from the archive, the trash or from being superseded."""
    return _move(owner, memory_id, State.ACTIVE, Action.RESTORED, by)


def delete_memory(*, owner: User, memory_id: UUID, by: By) -> Memory:
    """Move a memory to the trash, whence it can be restored until the trash is emptied."""
    return _move(owner, memory_id, State.DELETED, Action.DELETED, by)


@transaction.atomic
def supersede_memory(*, owner: User, memory_id: UUID, by_memory: Memory, by: By) -> Memory:
    """Say that a memory no longer holds because another one does. Raises Conflict when it is in the trash."""
    memory = _move(owner, memory_id, State.SUPERSEDED, Action.SUPERSEDED, by, refuse={State.DELETED})
    MemoryLink.objects.get_or_create(
        owner_id=owner.id,
        from_memory=by_memory,
        to_memory=memory,
        relation=MemoryLink.Relation.UPDATES,
        defaults={"reason": by.reason[:200]},
    )
    return memory


def set_pinned(*, owner: User, memory_id: UUID, pinned: bool) -> Memory:
    """Pin or unpin. A pin is a bookmark, not a change of the memory: it leaves no revision."""
    with transaction.atomic():
        memory = writable(owner, memory_id)
        memory.pinned = pinned
        memory.save(update_fields=["pinned"])
        indexing.refresh_filters(owner.id, [memory.id])
    return memory


def apply_to_many(*, owner: User, memory_ids: Iterable[UUID], action: str, by: By) -> int:
    """One action on many memories, all or none; returns how many there were.

    `action` is archive, restore, delete, pin or unpin. Raises NotFound when any id is not the owner's.
    """
    verbs: dict[str, Callable[[UUID], Memory]] = {
        "archive": lambda i: archive_memory(owner=owner, memory_id=i, by=by),
        "restore": lambda i: restore_memory(owner=owner, memory_id=i, by=by),
        "delete": lambda i: delete_memory(owner=owner, memory_id=i, by=by),
        "pin": lambda i: set_pinned(owner=owner, memory_id=i, pinned=True),
        "unpin": lambda i: set_pinned(owner=owner, memory_id=i, pinned=False),
    }
    if action not in verbs:
        raise ValidationFailed(f"action is one of {', '.join(verbs)}.", field="action")
    ids = sorted(set(memory_ids))
    with transaction.atomic():
        for memory_id in ids:
            verbs[action](memory_id)
    return len(ids)


def empty_trash(*, owner: User, by: User, memory_ids: Iterable[UUID] | None = None) -> int:
    """Erase what is in the trash (all of it, or these), with every derived row and revision. Returns the count."""
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot erase memories.")
    trash = Memory.objects.filter(owner=owner, state=State.DELETED)
    if memory_ids is not None:
        memory_ids = list(memory_ids)
        trash = trash.filter(id__in=memory_ids)
    erased = 0
    while batch := list(trash.order_by("id").values_list("id", flat=True)[:_ERASE_BATCH]):
        with transaction.atomic():
            # Memories before their rows in the index, as the workers do, so that neither waits for the other.
            list(Memory.objects.select_for_update().filter(owner=owner, id__in=batch).order_by("id").values("id"))
            indexing.remove(owner.id, batch)
            Memory.objects.filter(owner=owner, id__in=batch, state=State.DELETED).delete()
            erased += len(batch)
    Conversation.objects.filter(owner=owner, memories=None).delete()
    drop_unfounded(owner)
    if erased:
        record("memory.erased", actor=by, object_id=_only(memory_ids), count=erased)
    return erased


def _only(memory_ids: Iterable[UUID] | None) -> str:
    named = list(memory_ids or ())
    return str(named[0]) if len(named) == 1 else ""


@transaction.atomic
def _move(owner: User, memory_id: UUID, state: str, action: str, by: By, refuse: set[State] | None = None) -> Memory:
    memory = writable(owner, memory_id)
    if memory.state == state:
        return memory
    if refuse and memory.state in refuse:
        raise Conflict("This memory is in the trash; restore it first.")
    add_revision(memory, action, by, snapshot_of(memory))
    memory.state, memory.state_changed_at, memory.updated_at = state, now(), now()
    memory.save(update_fields=["state", "state_changed_at", "updated_at", "revision_count"])
    indexing.refresh_filters(memory.owner_id, [memory.id])
    return memory
