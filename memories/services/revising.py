"""Editing with a history: every change keeps what was before, and can be undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from memories import indexing
from memories.access import lock_memory
from memories.drafts import MemoryDraft, checked
from memories.fingerprints import memory_fingerprint
from memories.models import Memory, MemoryRevision
from memories.services.own_words import own_words
from memories.services.secret_policy import without_secrets
from memories.services.tagging import set_tags
from memories.services.webhooks import tell_of_revision
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused, ValidationFailed
from personas.models import Persona

Action = MemoryRevision.Action


@dataclass(frozen=True, slots=True)
class Change:
    """What to change; None leaves a part as it is. `clear_persona` takes the memory out of its persona."""

    content: str | None = None
    ciphertext: str | None = None
    tags: tuple[str, ...] | None = None
    author: str | None = None
    metadata: dict[str, Any] | None = None
    importance: float | None = None
    pinned: bool | None = None
    occurred_at: datetime | None = None
    persona_id: UUID | None = None
    clear_persona: bool = False


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something, through which face, and why."""

    actor: User | None
    via: str = "api"
    reason: str = ""


@transaction.atomic
def edit_memory(*, owner: User, memory_id: UUID, change: Change, by: By) -> Memory:
    """Change a memory and keep what it was. A change that changes nothing leaves no revision.

    Raises NotFound, ValidationFailed, TooLarge, and Conflict when the new text is that of another memory, or one
    in the open for a sealed one. A new ciphertext ends the vectors that were made of the old one.
    """
    memory = writable(owner, memory_id)
    _check_sealed(memory, change)
    draft = _draft_after(memory, change)
    draft = checked(draft) if change.content is None else without_secrets(owner, checked(own_words(draft)))
    if memory.is_sealed != bool(draft.ciphertext):
        raise Conflict("Its history would keep the text in the open: add it sealed, and erase this one.")
    before = snapshot_of(memory)
    _apply(memory, draft, change)
    if snapshot_of(memory) | {"tags": sorted(draft.tags)} == before:
        return memory
    add_revision(memory, Action.EDITED, by, before)
    _store(memory, draft, before)
    return memory


@transaction.atomic
def undo(*, owner: User, memory_id: UUID, number: int, by: By) -> Memory:
    """Return a memory to what it was before revision `number`; the present becomes a revision too."""
    memory = writable(owner, memory_id)
    revision = MemoryRevision.objects.filter(memory=memory, number=number).first()
    if revision is None:
        raise NotFound(f"This memory has no revision {number}.")
    before = snapshot_of(memory)
    target = revision.snapshot
    draft = checked(replace(draft_of(memory), **_draft_fields(target)))
    add_revision(memory, Action.UNDONE, replace(by, reason=by.reason or f"to before revision {number}"), before)
    persona = Persona.objects.filter(owner=owner, id=target["persona_id"]).first() if target["persona_id"] else None
    change = Change(
        pinned=target["pinned"],
        persona_id=persona.id if persona else None,
        clear_persona=persona is None,  # one that was deleted since does not come back
    )
    _apply(memory, draft, change)
    memory.state = target["state"]
    memory.state_changed_at = now()
    _store(memory, draft, before)
    return memory


def _check_sealed(memory: Memory, change: Change) -> None:
    """Raises Conflict for a change that cannot be made to such a memory."""
    if memory.is_sealed and change.content is not None:
        raise Conflict("Its owner sealed this memory: only who has the key can change its text.", field="content")
    if not memory.is_sealed and change.ciphertext is not None:
        raise Conflict("This memory is not sealed; it has a text and no ciphertext.", field="ciphertext")


def writable(owner: User, memory_id: UUID) -> Memory:
    """The locked memory. Raises NotFound, and PermissionRefused for viewers."""
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot change memories; ask the owner for another role.")
    return lock_memory(owner, memory_id)


def snapshot_of(memory: Memory) -> dict[str, Any]:
    """Everything editable about a memory, as JSON."""
    sealed = {"ciphertext": memory.ciphertext} if memory.is_sealed else {}
    return sealed | {
        "content": memory.content,
        "author": memory.author,
        "metadata": memory.metadata,
        "tags": sorted(tag.name for tag in memory.tags.all()),
        "importance": memory.importance,
        "pinned": memory.pinned,
        "state": memory.state,
        "persona_id": str(memory.persona_id) if memory.persona_id else None,
        "occurred_at": memory.occurred_at.isoformat(),
    }


def add_revision(memory: Memory, action: str, by: By, before: dict[str, Any]) -> MemoryRevision:
    """Keep `before` as the next revision of a locked memory."""
    memory.revision_count += 1
    revision = MemoryRevision(
        owner_id=memory.owner_id,
        memory=memory,
        number=memory.revision_count,
        action=action,
        actor=by.actor,
        via=by.via,
        reason=by.reason[:200],
        created_at=now(),
    )
    revision.snapshot = before
    revision.save(force_insert=True)
    tell_of_revision(memory, action)
    return revision


def draft_of(memory: Memory) -> MemoryDraft:
    """The memory as it would be captured now, but for its conversation."""
    return MemoryDraft(
        content=memory.content,
        ciphertext=memory.ciphertext,
        kind=memory.kind,
        role=memory.role,
        author=memory.author,
        source=memory.source,
        external_id=memory.external_id,
        tags=tuple(tag.name for tag in memory.tags.all()),
        metadata=memory.metadata,
        importance=memory.importance,
        occurred_at=memory.occurred_at,
    )


def _draft_after(memory: Memory, change: Change) -> MemoryDraft:
    names = ("content", "ciphertext", "tags", "author", "metadata", "importance", "occurred_at")
    given = {name: getattr(change, name) for name in names if getattr(change, name) is not None}
    return replace(draft_of(memory), **given)


def _draft_fields(snapshot: dict[str, Any]) -> dict[str, Any]:
    return {
        "content": snapshot["content"],
        "ciphertext": snapshot.get("ciphertext", ""),
        "author": snapshot["author"],
        "metadata": snapshot["metadata"],
        "tags": tuple(snapshot["tags"]),
        "importance": snapshot["importance"],
        "occurred_at": datetime.fromisoformat(snapshot["occurred_at"]),
    }


def _apply(memory: Memory, draft: MemoryDraft, change: Change) -> None:
    if memory.content != draft.content:
        memory.content = draft.content
    if memory.ciphertext != draft.ciphertext:
        memory.ciphertext = draft.ciphertext
    memory.author = draft.author
    memory.metadata = draft.metadata
    memory.importance = draft.importance
    memory.occurred_at = draft.occurred_at or memory.occurred_at
    memory.size_bytes = len(draft.content.encode()) + len(draft.ciphertext)
    if change.pinned is not None:
        memory.pinned = change.pinned
    if change.clear_persona:
        memory.persona = None
    elif change.persona_id is not None:
        memory.persona = _persona(memory.owner, change.persona_id)


def _persona(owner: User, persona_id: UUID) -> Persona:
    persona = Persona.objects.filter(owner=owner, id=persona_id).first()
    if persona is None:
        raise ValidationFailed("There is no persona of yours with this id.", field="persona_id")
    return persona


def _store(memory: Memory, draft: MemoryDraft, before: dict[str, Any]) -> None:
    resealed = memory.is_sealed and memory.ciphertext != before["ciphertext"]
    rewritten = resealed or (memory.content, memory.author) != (before["content"], before["author"])
    memory.updated_at = now()
    if rewritten:
        memory.fingerprint = memory_fingerprint(memory.owner_id, draft, memory.conversation_id)
        indexing.mark_pending(memory)
    try:
        with transaction.atomic():
            memory.save()
    except IntegrityError as error:
        raise Conflict("Another memory has exactly this text; merge the two instead.", field="content") from error
    if resealed:  # the client's vectors were of another text
        memory.sealed_vectors.all().delete()
    if sorted(draft.tags) != before["tags"]:
        set_tags(memory=memory, names=draft.tags)
    if rewritten:
        indexing.rewrite(memory)
    else:
        indexing.refresh_filters(memory.owner_id, [memory.id])
