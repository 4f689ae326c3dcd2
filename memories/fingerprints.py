"""When two captures are the same memory: keyed hashes that are unique for each owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from uuid import UUID

from accounts.keys import keyring
from memories.drafts import MemoryDraft
from memories.models import Kind
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
