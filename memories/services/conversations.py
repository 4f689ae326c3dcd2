"""Conversations come into being with their first turn and grow with the later ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accounts.models import User
from memories.drafts import ConversationRef, MemoryDraft, clean_text
from memories.fingerprints import conversation_key
from memories.models import Conversation
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound, ValidationFailed

TITLE_MAX_CHARS = 300


def resolve_conversations(*, owner: User, drafts: Iterable[MemoryDraft]) -> dict[ConversationRef, Conversation]:
    """The stored conversation of each reference in the drafts, made where it is new.

    Raises NotFound for an id that is not the owner's and ValidationFailed for a reference that names nothing.
    """
    wanted: dict[ConversationRef, MemoryDraft] = {}
    for draft in drafts:
        if draft.conversation is not None:
            wanted.setdefault(draft.conversation, draft)
    by_id = _by_id(owner, {ref.id for ref in wanted if ref.id is not None})
    named = {ref: draft for ref, draft in wanted.items() if ref.id is None}
    return {ref: by_id[ref.id] for ref in wanted if ref.id is not None} | _by_name(owner, named)


def open_conversation(*, owner: User, ref: ConversationRef, source: str, persona_id: UUID | None = None) -> UUID:
    """The id of the conversation, made with the id in `ref` unless it is there already.

    A reference without an external id is called by its id. When the external id is another conversation's, that one's.
    """
    if ref.id is not None and Conversation.objects.filter(owner=owner, id=ref.id).exists():
        return ref.id
    key = conversation_key(owner.id, source, ref.external_id or str(ref.id))
    draft = MemoryDraft(content="", source=source, persona_id=persona_id, conversation=ref)
    made = _new(owner, ref, draft, key)
    made.id = ref.id or made.id
    # Sealed for its row, whose id it has now.
    made.external_id, made.title = clean_text(ref.external_id or str(made.id)), _title(ref)
    Conversation.objects.bulk_create([made], ignore_conflicts=True)
    return Conversation.objects.values_list("id", flat=True).get(owner=owner, external_key=key)


def _by_id(owner: User, ids: set[UUID]) -> dict[UUID, Conversation]:
    found = {c.id: c for c in Conversation.objects.filter(owner=owner, id__in=ids)} if ids else {}
    if len(found) != len(ids):
        raise NotFound("There is no conversation of yours with this id.")
    return found


def _by_name(owner: User, named: dict[ConversationRef, MemoryDraft]) -> dict[ConversationRef, Conversation]:
    if not named:
        return {}
    keys: dict[ConversationRef, bytes] = {}
    for ref, draft in named.items():
        if not ref.external_id:
            raise ValidationFailed("A conversation needs an external_id or an id.", field="conversation")
        keys[ref] = conversation_key(owner.id, draft.source, ref.external_id)
    fresh = {keys[ref]: _new(owner, ref, draft, keys[ref]) for ref, draft in named.items()}
    Conversation.objects.bulk_create(fresh.values(), ignore_conflicts=True)
    stored = {bytes(c.external_key): c for c in Conversation.objects.filter(owner=owner, external_key__in=list(fresh))}
    for ref, key in keys.items():
        _grow(stored[key], ref)
    return {ref: stored[key] for ref, key in keys.items()}


def _new(owner: User, ref: ConversationRef, draft: MemoryDraft, key: bytes) -> Conversation:
    conversation = Conversation(
        owner=owner,
        persona_id=draft.persona_id,
        source=draft.source,
        external_key=key,
        model=ref.model[:80],
        started_at=ref.started_at or draft.occurred_at or now(),
        ended_at=ref.ended_at,
    )
    conversation.external_id = clean_text(ref.external_id)
    conversation.title = _title(ref)
    return conversation


def _grow(conversation: Conversation, ref: ConversationRef) -> None:
    changed = []
    title = _title(ref)
    if title and title != conversation.title:
        conversation.title = title
        changed.append("title_sealed")
    if ref.ended_at and _later(ref.ended_at, conversation.ended_at):
        conversation.ended_at = ref.ended_at
        changed.append("ended_at")
    if changed:
        conversation.save(update_fields=changed)


def _title(ref: ConversationRef) -> str:
    return clean_text(ref.title).strip()[:TITLE_MAX_CHARS]


def _later(moment: datetime, than: datetime | None) -> bool:
    return than is None or moment > than
