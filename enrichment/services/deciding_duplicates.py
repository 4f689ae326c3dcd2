"""What becomes of two memories that say nearly the same: one goes into the other, or both stay; each can be undone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

from django.db import transaction

from accounts.models import User
from enrichment.models import DuplicatePair, DuplicatePolicy
from memories.models import Memory, MemoryLink, State
from memories.services.lifecycle import restore_memory
from memories.services.merging import merge_memories
from memories.services.revising import By, undo
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, PermissionRefused, ValidationFailed

VIA: Final = "enrichment"
ASKED: Final = "asked"
_State = DuplicatePair.State


@transaction.atomic
def merge_pair(*, owner: User, pair: DuplicatePair, keep_id: UUID, by: By) -> DuplicatePair:
    """Keep one of the two; the other is superseded by it, and can come back. Raises ValidationFailed and Conflict."""
    pair = _open(owner, pair)
    if keep_id not in (pair.first_id, pair.second_id):
        raise ValidationFailed("Keep one of the two.", field="keep_id")
    return _merged(owner, pair, keep_id, by)


@transaction.atomic
def keep_both(*, owner: User, pair: DuplicatePair) -> DuplicatePair:
    """Say that they are not the same; they are not proposed again. Raises Conflict for what is decided."""
    pair = _open(owner, pair)
    return _decided(pair, _State.KEPT)


@transaction.atomic
def undo_decision(*, owner: User, pair: DuplicatePair, by: By) -> DuplicatePair:
    """Have the two wait for a decision again, both as they were before. Raises Conflict for what is undecided.

    The one that stayed is brought back to what it was unless it was changed since.
    """
    pair = _locked(owner, pair)
    if pair.state == _State.OPEN:
        raise Conflict("There is nothing to undo: the two wait for a decision.")
    if pair.state == _State.MERGED:
        _taken_apart(owner, pair, replace(by, reason=by.reason or "they were merged as near-duplicates"))
    pair.state, pair.decided_at, pair.undo, pair.is_by_machine = _State.OPEN, None, {ASKED: True}, False
    pair.save()
    return pair


def merge_by_machine(*, owner: User, pair: DuplicatePair) -> DuplicatePair:
    """Keep the older of the two, as the owner's policy says, in the caller's transaction."""
    pair.is_by_machine = True
    by = By(None, via=VIA, reason=f"near-duplicates: {pair.words:.0%} of their words are the same")
    return _merged(owner, pair, pair.first_id, by)


def set_policy(*, owner: User, choice: str) -> DuplicatePolicy:
    """What is done with near-duplicates without asking, from now on. Raises ValidationFailed and PermissionRefused."""
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot change what is done with duplicates.")
    if choice not in DuplicatePolicy.Choice.values:
        raise ValidationFailed(f"The policy is {' or '.join(DuplicatePolicy.Choice.values)}.", field="policy")
    row, _ = DuplicatePolicy.objects.update_or_create(owner=owner, defaults={"choice": choice})
    return row


def _merged(owner: User, pair: DuplicatePair, keep_id: UUID, by: By) -> DuplicatePair:
    gone = pair.second_id if keep_id == pair.first_id else pair.first_id
    merge_memories(owner=owner, keep_id=keep_id, other_ids=[gone], by=by)
    numbers = dict(Memory.objects.filter(id__in=[keep_id, gone]).values_list("id", "revision_count"))
    pair.undo = {"kept": str(keep_id), "kept_revision": numbers[keep_id], "gone": str(gone)}
    return _decided(pair, _State.MERGED)


def _taken_apart(owner: User, pair: DuplicatePair, by: By) -> None:
    kept, gone = UUID(pair.undo["kept"]), UUID(pair.undo["gone"])
    number = pair.undo["kept_revision"]
    if Memory.objects.filter(owner=owner, id=gone, state=State.SUPERSEDED).exists():
        restore_memory(owner=owner, memory_id=gone, by=by)
    if Memory.objects.filter(owner=owner, id=kept, revision_count=number).exists():
        undo(owner=owner, memory_id=kept, number=number, by=by)
    relation = MemoryLink.Relation.DUPLICATES
    MemoryLink.objects.filter(owner=owner, from_memory=kept, to_memory=gone, relation=relation).delete()


def _decided(pair: DuplicatePair, state: str) -> DuplicatePair:
    pair.state, pair.decided_at = state, now()
    pair.save()
    return pair


def _open(owner: User, pair: DuplicatePair) -> DuplicatePair:
    pair = _locked(owner, pair)
    if pair.state != _State.OPEN:
        raise Conflict("This is decided already; undo it first.")
    return pair


def _locked(owner: User, pair: DuplicatePair) -> DuplicatePair:
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot decide about duplicates.")
    return DuplicatePair.objects.select_for_update().get(owner=owner, id=pair.id)
