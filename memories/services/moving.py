"""Sharing a persona's or a tag's memories by moving them into a space, and taking them back.

State lies in rows: a batch of memories, all that belongs to them and the progress are one transaction, so that a move
may be killed at any point, and each memory is its person's or the space's at any time, never both and never neither.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.access import require
from accounts.audit import record
from accounts.models import AuditEvent, User
from accounts.spaces.making import deletion_of
from accounts.spaces.membership import Membership, membership_or_404
from memories.access import tag_or_404
from memories.models import Memory, MemoryLink, MemoryMove, State
from memories.services.moved_records import Moved, move_records
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, MemshadowError, PermissionRefused, ValidationFailed
from memshadow.lib.jobs import wake
from memshadow.lib.row_wall import outside_the_wall
from personas.models import Persona
from personas.selectors import persona_or_404

logger = logging.getLogger(__name__)

TASK = "memories.tasks.move_memories"
NEEDED = ("memories:write", "memories:delete")
_BATCH = 50
_ATTEMPTS_MAX = 5
_State, _Way, _What = MemoryMove.State, MemoryMove.Way, MemoryMove.What


@outside_the_wall()
def start_move(*, member: Membership, way: str, what: str, what_id: UUID | None = None) -> MemoryMove:
    """Have memories of the member moved into a space (`way` into) or out of it (home), in the background.

    `what_id` is a persona or tag of the side where they are. Raises PermissionRefused for readers, NotFound,
    ValidationFailed, and Conflict while another move of theirs with this space runs, or into one that will be deleted.
    """
    move = _drafted(member, way, what, what_id)
    try:
        with transaction.atomic():
            move.total = movable(move).count()
            move.save(force_insert=True)
            wake(TASK)
    except IntegrityError as error:
        raise Conflict("You are moving memories into or out of this space already; wait until that is done.") from error
    return move


def _drafted(member: Membership, way: str, what: str, what_id: UUID | None) -> MemoryMove:
    _check_may(member)
    if way == _Way.INTO and what == _What.ALL:
        raise ValidationFailed("Name a persona or a tag to move into the space.", field="persona_id")
    move = MemoryMove(owner=member.person, space=member.space, way=way, what=what, what_id=what_id)
    if what == _What.PERSONA and what_id is not None:
        persona_or_404(move.source, what_id)
    elif what == _What.TAG and what_id is not None:
        tag_or_404(move.source, what_id)
    if way == _Way.INTO and deletion_of(member.space):
        raise Conflict("This space is going to be deleted; keep it first, or choose another.")
    return move


def _check_may(member: Membership) -> None:
    if not member.person.is_active:
        raise PermissionRefused("This account is switched off.")
    for permission in NEEDED:
        require(member.person, permission)
        member.require(permission)


@outside_the_wall()
def counted(*, owner: User, what: str, what_id: UUID | None = None) -> tuple[int, int]:
    """How many of an owner's memories a move would take now, and how many sealed ones would stay."""
    chosen = _chosen(owner, what, what_id)
    return chosen.filter(is_sealed=False).count(), chosen.filter(is_sealed=True).count()


def movable(move: MemoryMove) -> QuerySet[Memory]:
    """What is still to be moved. The trash stays where it is, and so does what only its owner's client can read."""
    return _chosen(move.source, move.what, move.what_id).filter(is_sealed=False)


def _chosen(owner: User, what: str, what_id: UUID | None) -> QuerySet[Memory]:
    rows = Memory.objects.filter(owner=owner).exclude(state=State.DELETED)
    if what == _What.PERSONA:
        return rows.filter(persona=what_id)
    return rows.filter(memory_tags__tag=what_id) if what == _What.TAG else rows


def move_pending(*, for_s: float = 20.0) -> int:
    """Bring every move as far as it goes in that time; returns how many memories were looked at.

    Safe to run twice, at once, and to be killed.
    """
    total, until = 0, time.monotonic() + for_s
    while (count := _next_batch()) is not None:
        total += count
        if time.monotonic() > until:
            wake(TASK)
            break
    return total


def _next_batch() -> int | None:
    """Claim a move for one transaction and take its next step; None when none waits that nobody else has in hand."""
    with transaction.atomic():
        open_ones = MemoryMove.objects.filter(state__in=[_State.QUEUED, _State.RUNNING])
        rows = open_ones.select_for_update(skip_locked=True, of=("self",)).select_related("owner", "space__owner")
        move = rows.order_by("attempts", "created_at").first()
        if move is None:
            return None
        try:
            with transaction.atomic():
                return _advance(move)
        except Exception:
            logger.exception("Move %s stopped", move.id)
            _note_failure(move)
            return 0


def _advance(move: MemoryMove) -> int:
    refusal = _refusal(move)
    if refusal:
        _end(move, _State.FAILED, refusal)
        return 0
    further = movable(move).filter(id__gt=move.cursor).order_by("id")
    ids = list(further.values_list("id", flat=True)[:_BATCH])
    if not ids:
        _end(move, _State.DONE)
        return 0
    _carry(move, ids)
    move.cursor, move.state, move.attempts = ids[-1], _State.RUNNING, 0
    move.save()
    return len(ids)


def _refusal(move: MemoryMove) -> str:
    """Why the person may not move memories any more; empty while they may."""
    try:
        _check_may(membership_or_404(move.owner, move.space_id))
    except MemshadowError as error:
        return error.message
    return ""


def _carry(move: MemoryMove, ids: Collection[UUID]) -> None:
    try:
        with transaction.atomic():
            _count(move, _moved(move, _with_linked(move, ids)))
    except Exception:
        logger.exception("A batch of %d memories could not be moved; trying them one by one", len(ids))
        for memory_id in ids:
            _carry_alone(move, memory_id)


def _carry_alone(move: MemoryMove, memory_id: UUID) -> None:
    try:
        with transaction.atomic():
            _count(move, _moved(move, [memory_id]))
    except Exception:
        logger.exception("Memory %s could not be moved", memory_id)
        move.failed += 1


def _moved(move: MemoryMove, ids: Collection[UUID]) -> Moved:
    return move_records(source=move.source, target=move.target, memory_ids=ids, personas=_personas_going(move))


def _personas_going(move: MemoryMove) -> Collection[UUID]:
    """A tag's memories go without their personas, whose names are nobody else's business."""
    if move.what == _What.ALL:
        return set(Persona.objects.filter(owner=move.source).values_list("id", flat=True))
    return {move.what_id} if move.what == _What.PERSONA and move.what_id else set()


def _with_linked(move: MemoryMove, ids: Collection[UUID]) -> set[UUID]:
    """These and all that hang together with them and move too: a link lives only with both ends in one transaction."""
    found, edge = set(ids), set(ids)
    while edge:
        touching = MemoryLink.objects.filter(Q(from_memory__in=edge) | Q(to_memory__in=edge))
        ends = {end for pair in touching.values_list("from_memory_id", "to_memory_id") for end in pair}
        edge = set(movable(move).filter(id__in=ends - found).values_list("id", flat=True))
        found |= edge
    return found


def _count(move: MemoryMove, done: Moved) -> None:
    move.moved += done.moved
    move.merged += done.merged
    move.links_dropped += done.links_dropped


def _note_failure(move: MemoryMove) -> None:
    """Counted from the row: what the step changed in `move` was rolled back."""
    move.refresh_from_db()
    move.attempts += 1
    if move.attempts >= _ATTEMPTS_MAX:
        _end(move, _State.FAILED, "The move stopped five times without finishing; see the server's log.")
    else:
        move.save(update_fields=["attempts"])


def _end(move: MemoryMove, state: str, error: str = "") -> None:
    move.state, move.error, move.finished_at = state, error[:300], now()
    move.sealed = _chosen(move.source, move.what, move.what_id).filter(is_sealed=True).count()
    move.save()
    names = ("what", "moved", "merged", "sealed", "failed", "links_dropped")
    record(
        "memory.shared" if move.way == _Way.INTO else "memory.taken_back",
        actor=move.owner,
        target=move.space,
        result=AuditEvent.Result.FAILED if error else AuditEvent.Result.OK,
        **{name: getattr(move, name) for name in names},
    )
