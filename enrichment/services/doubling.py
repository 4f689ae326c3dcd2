"""Near-duplicates are found when a memory is read, and proposed, or merged where the owner lets the machine do it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

from django.db.models import Q

from accounts.keys import keyring
from accounts.models import User
from accounts.sealed import opened_texts
from enrichment.duplicates.likeness import LEAST_WORDS, SAME_WORDS, are_alike, shared_words, words_of
from enrichment.duplicates.sketching import bands_of
from enrichment.models import DuplicatePair, DuplicatePolicy, TextSketch
from enrichment.services.deciding_duplicates import ASKED, merge_by_machine
from memories.models import IndexState, Memory, State
from memories.retrieval import related
from memories.stored_vectors import vectors_named

_CANDIDATES: Final = 20
_NEAR: Final = 4
_State = DuplicatePair.State


def note_texts(*, owner_id: UUID, texts: Mapping[UUID, str]) -> None:
    """Sketch these memories and look for those that say nearly the same, in the caller's transaction."""
    owner, key = User.objects.get(id=owner_id), keyring(owner_id).lexeme_key
    words = {memory_id: words_of(text) for memory_id, text in texts.items()}
    stale = DuplicatePair.objects.filter(Q(first__in=texts) | Q(second__in=texts), owner=owner, state=_State.OPEN)
    # What a person took back waits for them, and is never merged for them again.
    stale.exclude(undo__has_key=ASKED).delete()
    TextSketch.objects.filter(owner=owner, memory__in=texts).delete()
    telling = {memory_id: found for memory_id, found in words.items() if len(found) >= LEAST_WORDS}
    rows = [TextSketch(memory_id=one, owner=owner, bands=bands_of(found, key)) for one, found in telling.items()]
    TextSketch.objects.bulk_create(rows)
    merges = DuplicatePolicy.objects.filter(owner=owner, choice=DuplicatePolicy.Choice.MERGE).exists()
    for row in rows:
        for pair in _pairs_of(owner, row, telling[row.memory_id]):
            if merges and pair.words >= SAME_WORDS:
                merge_by_machine(owner=owner, pair=pair)


def _pairs_of(owner: User, row: TextSketch, words: frozenset[str]) -> Iterator[DuplicatePair]:
    """The new pairs of a memory with the active ones that are alike; what a person has decided stays decided."""
    memory = Memory.objects.filter(id=row.memory_id, state=State.ACTIVE).select_related("owner").first()
    if memory is None:
        return
    near = _near(owner, memory)
    sharing = TextSketch.objects.filter(owner=owner, bands__overlap=row.bands).exclude(memory=row.memory_id)
    ids = set(sharing.order_by("-memory").values_list("memory", flat=True)[:_CANDIDATES]) | set(near)
    for other, text in _texts(owner, ids):
        shared = shared_words(words, words_of(text))
        meaning = near.get(other) if shared < SAME_WORDS or other in near else None
        if are_alike(shared, meaning):
            first, second = sorted((row.memory_id, other))
            pair, is_new = DuplicatePair.objects.get_or_create(
                owner=owner,
                first_id=first,
                second_id=second,
                defaults={"words": round(shared, 4), "meaning": meaning or _meaning(owner, first, second)},
            )
            if is_new:
                yield pair


def _near(owner: User, memory: Memory) -> dict[UUID, float]:
    """What means nearly the same, by vectors, where the memory has one already."""
    if memory.index_state != IndexState.DONE:
        return {}
    return {other.id: round(cosine, 4) for other, cosine in related(owner, memory, limit=_NEAR)}


def _texts(owner: User, ids: set[UUID]) -> Iterator[tuple[UUID, str]]:
    rows = Memory.objects.filter(owner=owner, id__in=ids, state=State.ACTIVE, is_sealed=False).order_by("id")
    return opened_texts(Memory, "content", owner.id, rows.values_list("id", "content_sealed"))


def _meaning(owner: User, first: UUID, second: UUID) -> float | None:
    found = vectors_named(owner.id, [first, second])
    return round(float(found.vectors[0] @ found.vectors[1]), 4) if len(found.ids) == 2 else None
