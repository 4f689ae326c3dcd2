"""When two captures are the same memory: keyed hashes that are unique for each owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from uuid import UUID

from accounts.keys import keyring
from memories.drafts import MemoryDraft
from memories.models import Kind, Memory
from memshadow.lib.crypto import keyed_hash


def source_family(source: str) -> str:
    """Captures by one service are one family: `import:chatgpt`, `extension:chatgpt` and `chatgpt` agree."""
    return source.rsplit(":", 1)[-1]


def memory_fingerprint(owner_id: UUID, draft: MemoryDraft, conversation_id: UUID | None) -> bytes:
    """The keyed hash by which an exact duplicate is found.

    A source's own id decides when there is one. A turn is its conversation, role, time and text; anything else is
    its text alone, so that one note captured by two clients is one memory.
    """
    key = keyring(owner_id).fingerprint_key
    if draft.external_id:
        scope = str(conversation_id or "")
        return keyed_hash(key, "external", source_family(draft.source), scope, draft.external_id)
    if draft.ciphertext:
        return keyed_hash(key, "sealed", draft.ciphertext)
    text = " ".join(draft.content.split())
    if draft.kind == Kind.TURN and conversation_id is not None:
        moment = draft.occurred_at.astimezone(UTC).isoformat() if draft.occurred_at else ""
        return keyed_hash(key, "turn", str(conversation_id), draft.role, draft.author, moment, text)
    return keyed_hash(key, "text", text)


def fingerprint_draft(memory: Memory) -> MemoryDraft:
    """The parts of a memory that its fingerprint depends on."""
    return MemoryDraft(
        content=memory.content,
        ciphertext=memory.ciphertext,
        kind=memory.kind,
        role=memory.role,
        author=memory.author,
        source=memory.source,
        external_id=memory.external_id,
        occurred_at=memory.occurred_at,
    )


def same_by(memory: Memory) -> str:
    """What the memory's fingerprint was made from, because the hash itself is keyed and cannot travel.

    'content' for what capture would compute today, 'undated' for a turn that came without a time, and 'id'
    where neither holds (the parts were changed later): it is then recognised by its id alone.
    """
    draft = fingerprint_draft(memory)
    for name in ("content", "undated"):
        made = fingerprint_by(name, memory.owner_id, memory.id, draft, memory.conversation_id)
        if made == bytes(memory.fingerprint):
            return name
    return "id"


def fingerprint_by(
    how: str, owner_id: UUID, memory_id: UUID, draft: MemoryDraft, conversation_id: UUID | None
) -> bytes:
    """The fingerprint of a memory that comes from elsewhere, made as the one that it had (see `same_by`)."""
    if how == "id":
        return keyed_hash(keyring(owner_id).fingerprint_key, "restored", str(memory_id))
    return memory_fingerprint(
        owner_id, replace(draft, occurred_at=None) if how == "undated" else draft, conversation_id
    )


def conversation_key(owner_id: UUID, source: str, external_id: str) -> bytes:
    """The keyed hash under which a conversation of a source is found again."""
    return keyed_hash(keyring(owner_id).name_key, "conversation", source_family(source), external_id)


def tag_key(owner_id: UUID, name: str) -> bytes:
    """The keyed hash under which a tag is found, whatever its case."""
    return keyed_hash(keyring(owner_id).name_key, "tag", name.casefold())


def question_key(owner_id: UUID, question: str) -> bytes:
    """The keyed hash by which the same question is known again, whatever its case and spaces."""
    return keyed_hash(keyring(owner_id).name_key, "question", " ".join(question.casefold().split()))


def rule_key(owner_id: UUID, kind: str, given: Sequence[str], added: Sequence[str]) -> bytes:
    """The keyed hash of what a learnt rule says, so that it is learnt once and stays removed."""
    words = (kind, *(word.casefold() for word in given), "", *(word.casefold() for word in added))
    return keyed_hash(keyring(owner_id).name_key, "rule", *words)
