"""Capture: text comes in, is checked, meets its duplicates and is committed; indexing is woken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.models import User
from memories import indexing
from memories.drafts import ConversationRef, MemoryDraft, checked
from memories.fingerprints import memory_fingerprint
from memories.models import Conversation, Memory, MemoryTag
from memories.services.conversations import resolve_conversations
from memories.services.own_words import own_words
from memories.services.secret_policy import without_secrets
from memories.services.tagging import resolve_tags
from memories.services.webhooks import tell_of_new
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError, PermissionRefused, ValidationFailed
from memshadow.lib.row_wall import confined
from personas.models import Persona


@dataclass(frozen=True, slots=True)
class Captured:
    """What became of one draft: the memory, and whether it is new (else it was seen again)."""

    memory: Memory
    created: bool


def capture_memory(*, owner: User, draft: MemoryDraft) -> Captured:
    """Store one memory. Once this returns, and its transaction commits, it is never lost.

    Raises ValidationFailed, TooLarge or NotFound; nothing is stored then.
    """
    return capture_memories(owner=owner, drafts=[draft])[0]


def capture_memories(*, owner: User, drafts: Sequence[MemoryDraft], from_archive: bool = False) -> list[Captured]:
    """Store many memories in one transaction, all or none; the results stand in the order of the drafts.

    An exact duplicate (of what is stored, or within the batch) returns the existing memory and counts a sighting.
    Webhooks hear of each new one, and its vectors are made first; not so for those `from_archive`, which may be years
    of chats. Raises as `capture_memory`, with the index of the draft at fault in `details`.
    """
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot add memories; ask the owner for another role.")
    if len(drafts) > settings.CAPTURE_BATCH_MAX:
        raise ValidationFailed(f"Send at most {settings.CAPTURE_BATCH_MAX} memories in one request.")
    clean = [_checked_at(owner, index, draft) for index, draft in enumerate(drafts)]
    _check_personas(owner, clean)
    with transaction.atomic():
        conversations = resolve_conversations(owner=owner, drafts=clean)
        rows = [_row(owner, draft, conversations, first=not from_archive) for draft in clean]
        results = _insert(owner, rows)
        _tag(owner, clean, results)
        created = [result.memory for result in results if result.created]
        indexing.write_lexical(created)
        indexing.wake_if_pending(created)
        if not from_archive:
            tell_of_new(owner.id, created)
    return results


def _checked_at(owner: User, index: int, draft: MemoryDraft) -> MemoryDraft:
    try:
        return without_secrets(owner, checked(own_words(draft)))
    except MemshadowError as error:
        error.details["index"] = index
        raise


def _check_personas(owner: User, drafts: list[MemoryDraft]) -> None:
    wanted = {draft.persona_id for draft in drafts if draft.persona_id}
    if wanted and Persona.objects.filter(owner=owner, id__in=wanted).count() != len(wanted):
        raise ValidationFailed("There is no persona of yours with this id.", field="persona_id")


def _row(owner: User, draft: MemoryDraft, conversations: dict[ConversationRef, Conversation], *, first: bool) -> Memory:
    conversation = conversations[draft.conversation] if draft.conversation else None
    moment = now()
    row = Memory(
        owner=owner,
        captured_by_id=_who_asks(owner),
        persona_id=draft.persona_id,
        conversation=conversation,
        kind=draft.kind,
        role=draft.role,
        source=draft.source,
        language=draft.language or indexing.language_of(draft.content),
        is_sealed=bool(draft.ciphertext),
        importance=draft.importance,
        pinned=draft.pinned,
        fingerprint=memory_fingerprint(owner.id, draft, conversation.id if conversation else None),
        size_bytes=len(draft.content.encode()) + len(draft.ciphertext),
        occurred_at=draft.occurred_at or moment,
        created_at=moment,
        updated_at=moment,
        last_seen_at=moment,
        index_due_at=indexing.due_at(first=first),
    )
    row.content, row.ciphertext, row.author = draft.content, draft.ciphertext, draft.author
    row.external_id, row.metadata = draft.external_id, draft.metadata
    return row


def _who_asks(owner: User) -> UUID | None:
    """The person who works in a space; None where the memories are their own."""
    confines = confined()
    return confines.person if confines is not None and confines.person != owner.pk else None


def _insert(owner: User, rows: list[Memory]) -> list[Captured]:
    first: dict[bytes, Memory] = {}
    for row in rows:
        first.setdefault(bytes(row.fingerprint), row)
    Memory.objects.bulk_create(first.values(), ignore_conflicts=True, batch_size=500)
    stored = {
        bytes(memory.fingerprint): memory
        for memory in Memory.objects.filter(owner=owner, fingerprint__in=list(first)).select_related("conversation")
    }
    results, seen_again = [], list[UUID]()
    for row in rows:
        memory = stored[bytes(row.fingerprint)]
        created = memory.id == row.id
        if not created:
            seen_again.append(memory.id)
        results.append(Captured(memory, created))
    if seen_again:
        Memory.objects.filter(owner=owner, id__in=seen_again).update(sightings=F("sightings") + 1, last_seen_at=now())
    return results


def _tag(owner: User, drafts: list[MemoryDraft], results: list[Captured]) -> None:
    names = list(dict.fromkeys(name for draft in drafts for name in draft.tags))
    if not names:
        return
    tags = resolve_tags(owner=owner, names=names)
    MemoryTag.objects.bulk_create(
        (
            MemoryTag(owner=owner, memory=result.memory, tag=tags[name])
            for draft, result in zip(drafts, results, strict=True)
            for name in draft.tags
            if result.created
        ),
        ignore_conflicts=True,
    )
