"""Memories that their owner sealed: the server keeps the ciphertext, and the vectors that the client made if it did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.audit import record
from accounts.models import User
from memories import generations, indexing
from memories.drafts import MemoryDraft, checked
from memories.fingerprints import memory_fingerprint
from memories.models import Memory, MemoryRevision, SealedVectors, State
from memories.sealed_index import GivenVectors, checked_vectors, keep_vectors
from memories.services.capture import Captured, capture_memory
from memories.services.derived import drop_derived
from memories.services.revising import draft_of, writable
from memories.services.rules import forget_lessons
from memories.services.webhooks import tell_of_revision
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, ValidationFailed


@dataclass(frozen=True, slots=True)
class SealedStatus:
    """The model whose vectors search compares, and how many sealed memories it can and cannot find.

    `other_models` counts, by name, those that have vectors of another model and none of this one.
    """

    model_name: str
    dimension: int
    memories: int
    without_vectors: int
    other_models: dict[str, int]


@transaction.atomic
def capture_sealed(*, owner: User, draft: MemoryDraft, given: GivenVectors | None) -> Captured:
    """Store a sealed memory, with its vectors if any are given. A repeated request gives them again.

    Raises as `capture_memory` and `checked_vectors`; nothing is stored then.
    """
    if not draft.ciphertext:
        raise ValidationFailed("A sealed memory needs a ciphertext.", field="ciphertext")
    vectors = checked_vectors(given, generations.held()) if given else None
    captured = capture_memory(owner=owner, draft=draft)
    if given is not None and vectors is not None:
        keep_vectors(captured.memory, given.model_name, vectors)
        indexing.write_lexical([captured.memory])
    return captured


@transaction.atomic
def seal_memory(
    *, owner: User, memory_id: UUID, ciphertext: str, updated_at: datetime, given: GivenVectors | None, by: User
) -> Memory:
    """Put a ciphertext in the place of a memory's text; what the text was cannot be read here from then on.

    Gone with it are its earlier versions, author, metadata, what screening and enrichment found, words, the server's
    own vectors, and what search learnt from it. In the open stay kind, role, tags, persona, conversation, importance,
    times, source and the source's id, by which an import goes on knowing it. `updated_at` is the memory's when the
    client read the text.

    Raises NotFound, PermissionRefused, ValidationFailed, TooLarge, as `checked_vectors`, and Conflict for a memory
    that is sealed already or was changed meanwhile.
    """
    memory = writable(owner, memory_id)
    if memory.is_sealed:
        raise Conflict("This memory is sealed already.")
    if memory.updated_at != updated_at:
        raise Conflict("This memory was changed after you read it: read it again, and seal that.", field="updated_at")
    vectors = checked_vectors(given, generations.held()) if given else None
    draft = checked(replace(draft_of(memory), content="", ciphertext=ciphertext, author="", metadata={}))
    forget_lessons(memory)
    memory.revisions.all().delete()
    drop_derived([memory.id])
    _close(memory, draft)
    if given is not None and vectors is not None:
        keep_vectors(memory, given.model_name, vectors)
    indexing.rewrite(memory)
    tell_of_revision(memory, MemoryRevision.Action.EDITED)
    record("memory.sealed", actor=by, object_id=str(memory.id))
    return memory


def _close(memory: Memory, draft: MemoryDraft) -> None:
    memory.is_sealed, memory.language, memory.revision_count = True, "und", 0
    memory.content, memory.ciphertext, memory.author, memory.metadata = "", draft.ciphertext, "", {}
    memory.size_bytes = len(draft.ciphertext)
    memory.fingerprint = memory_fingerprint(memory.owner_id, draft, memory.conversation_id)
    memory.updated_at = now()
    indexing.mark_pending(memory)
    memory.save()


@transaction.atomic
def give_vectors(*, owner: User, memory_id: UUID, given: GivenVectors) -> Memory:
    """Store the vectors that a client made of a sealed memory, in place of those that it had by that model.

    Raises NotFound, PermissionRefused, Conflict for a memory that is not sealed, and as `checked_vectors`.
    """
    memory = writable(owner, memory_id)
    if not memory.is_sealed:
        raise Conflict("This memory is not sealed: the server makes its vectors itself.")
    keep_vectors(memory, given.model_name, checked_vectors(given, generations.held()))
    indexing.write_lexical([memory])
    return memory


def without_vectors(owner: User) -> QuerySet[Memory]:
    """The sealed memories, the trash left out, that search cannot find: they have no vectors of the active model."""
    active = generations.active()
    return _lacking(Memory.objects.filter(owner=owner), active.name, active.dimension)


def count_lacking(model_name: str, dimension: int) -> int:
    """How many sealed memories of all people have no vectors of a model, which only their clients can make."""
    return _lacking(Memory.objects.all(), model_name, dimension).count()


def _lacking(memories: QuerySet[Memory], model_name: str, dimension: int) -> QuerySet[Memory]:
    kept = SealedVectors.objects.filter(memory=OuterRef("pk"), model_name=model_name, dimension=dimension)
    return memories.filter(is_sealed=True).exclude(state=State.DELETED).exclude(Exists(kept))


def sealed_status(owner: User) -> SealedStatus:
    """How sealed memories and search stand to each other."""
    active = generations.active()
    lacking = without_vectors(owner)
    others: dict[str, int] = {}
    for name in SealedVectors.objects.filter(memory__in=lacking).values_list("model_name", flat=True):
        others[name] = others.get(name, 0) + 1
    return SealedStatus(
        model_name=active.name,
        dimension=active.dimension,
        memories=Memory.objects.filter(owner=owner, is_sealed=True).exclude(state=State.DELETED).count(),
        without_vectors=lacking.count(),
        other_models=dict(sorted(others.items())),
    )
