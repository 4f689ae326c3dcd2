"""Proposals of a language model: kept until their owner accepts or rejects them, and undone when they think again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.models import User
from enrichment.llm.permitted import SOURCE
from enrichment.models import LlmCall, Proposal, proposal_key
from memories.drafts import MemoryDraft
from memories.models import Kind as MemoryKind
from memories.models import Memory, MemoryLink, State
from memories.services.capture import capture_memory
from memories.services.lifecycle import delete_memory, restore_memory, supersede_memory
from memories.services.revising import By, Change, edit_memory, undo
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict
from memshadow.lib.ids import new_id

Kind, State_ = Proposal.Kind, Proposal.State
_OF_STEP: Final = {
    "llm-summary": {Kind.SUMMARY},
    "llm-technical": {Kind.TECHNICAL},
    "llm-questions": {Kind.QUESTION},
    "llm-insights": {Kind.INSIGHT},
    "llm-facts": {Kind.ADD, Kind.UPDATE, Kind.SUPERSEDE},
}
_MADE: Final = {Kind.INSIGHT: MemoryKind.INSIGHT, Kind.ADD: MemoryKind.FACT, Kind.SUPERSEDE: MemoryKind.FACT}


@transaction.atomic
def record_proposals(*, owner_id: UUID, memory_id: UUID, step: str, result: Mapping[str, Any]) -> None:
    """Make these the open proposals of a step on a memory.

    What a person has decided stays, and is not proposed again; nor is what waits already, from another memory.
    """
    rows = Proposal.objects.filter(owner_id=owner_id, kind__in=_OF_STEP[step])
    rows.filter(memory=memory_id, state=State_.OPEN).delete()
    keys = [proposal_key(owner_id, plain["kind"], plain["text"]) for plain in result["proposed"]]
    decided = {bytes(key) for key in rows.filter(said_key__in=keys).values_list("said_key", flat=True)}
    call = LlmCall.objects.filter(owner_id=owner_id, id=result["call"]).first()
    named = [plain["target"] for plain in result["proposed"] if "target" in plain]
    targets = set(Memory.objects.filter(owner_id=owner_id, id__in=named).values_list("id", flat=True))
    for plain, key in zip(result["proposed"], keys, strict=True):
        target = UUID(plain["target"]) if "target" in plain else None
        if key in decided or (target and target not in targets):
            continue
        decided.add(key)
        row = Proposal(id=new_id(), owner_id=owner_id, memory_id=memory_id, call=call, kind=plain["kind"], said_key=key)
        row.model, row.target_id = result["model"], target
        row.said = {name: plain[name] for name in ("text", "quote", "reason")}
        row.save(force_insert=True)


@transaction.atomic
def accept_proposal(*, owner: User, proposal: Proposal, by: By) -> Proposal:
    """Do what it proposes: a memory is made, changed or superseded; a summary, point or question is shown on its page.

    Raises Conflict for one that is decided already.
    """
    row = _locked(owner, proposal, State_.OPEN)
    reason = By(by.actor, by.via, f"accepted from {row.model}"[:200])
    if row.kind == Kind.UPDATE and row.target_id:
        row.revision = _changed(owner, row, reason)
    elif row.kind in _MADE:
        row.made = _made(owner, row)
        if row.kind == Kind.SUPERSEDE and row.target_id:
            supersede_memory(owner=owner, memory_id=row.target_id, by_memory=row.made, by=reason)
    return _decided(row, State_.ACCEPTED)


@transaction.atomic
def reject_proposal(*, owner: User, proposal: Proposal) -> Proposal:
    """Say no: it is not proposed again. Raises Conflict."""
    return _decided(_locked(owner, proposal, State_.OPEN), State_.REJECTED)


@transaction.atomic
def undo_proposal(*, owner: User, proposal: Proposal, by: By) -> Proposal:
    """Take the decision back, with what it did: the proposal is open again. Raises Conflict for one that is open."""
    row = _locked(owner, proposal, State_.ACCEPTED, State_.REJECTED)
    reason = By(by.actor, by.via, "the proposal was undone")
    if row.state == State_.ACCEPTED:
        if row.kind == Kind.UPDATE and row.target_id and row.revision:
            _change_back(owner, row, reason)
        if row.kind == Kind.SUPERSEDE and row.target_id:
            restore_memory(owner=owner, memory_id=row.target_id, by=reason)
        if row.made_id and Memory.objects.filter(id=row.made_id, source=SOURCE).exclude(state=State.DELETED).exists():
            delete_memory(owner=owner, memory_id=row.made_id, by=reason)
    row.made, row.revision = None, None
    return _decided(row, State_.OPEN)


def _changed(owner: User, row: Proposal, by: By) -> int | None:
    """Write the new words into the known fact; the number of its revision, None where they were there already."""
    target = _target(owner, row)
    edited = edit_memory(owner=owner, memory_id=target.id, change=Change(content=row.said["text"]), by=by)
    return edited.revision_count if edited.revision_count > target.revision_count else None


def _change_back(owner: User, row: Proposal, by: By) -> None:
    target = _target(owner, row)
    if target.revision_count != row.revision:
        raise Conflict("This fact was changed since; go back in its history.")
    undo(owner=owner, memory_id=target.id, number=target.revision_count, by=by)


def _target(owner: User, row: Proposal) -> Memory:
    if row.target_id is None:
        raise Conflict("The fact that it is about is gone.")
    return Memory.objects.get(owner=owner, id=row.target_id)


def _locked(owner: User, proposal: Proposal, *states: str) -> Proposal:
    row = Proposal.objects.select_for_update(of=("self",)).select_related("memory").get(owner=owner, id=proposal.id)
    if row.state not in states:
        raise Conflict(f"This proposal is {Proposal.State(row.state).label.lower()}.")
    return row


def _made(owner: User, row: Proposal) -> Memory:
    """The memory that it becomes, with where it comes from."""
    source = row.memory
    draft = MemoryDraft(
        content=row.said["text"],
        kind=_MADE[Kind(row.kind)],
        source=SOURCE,
        persona_id=source.persona_id,
        occurred_at=source.occurred_at,
        metadata={"model": row.model, "from": str(source.id)},
    )
    made = capture_memory(owner=owner, draft=draft).memory
    if made.state == State.DELETED:
        restore_memory(owner=owner, memory_id=made.id, by=By(None, "enrichment"))
    MemoryLink.objects.get_or_create(
        owner_id=owner.id,
        from_memory=made,
        to_memory=source,
        relation=MemoryLink.Relation.DERIVED_FROM,
        defaults={"reason": f"proposed by {row.model}"[:200]},
    )
    return made


def _decided(row: Proposal, state: str) -> Proposal:
    row.state, row.decided_at = state, None if state == State_.OPEN else now()
    row.save(update_fields=["state", "decided_at", "made", "revision"])
    return row
