"""Steps at work: a batch is claimed, read without holding anything, and its results are stored if they still fit.

Rows say what is due, so any process may be killed at any moment. What it had in hand is taken up again when its lease
is over, alone: a memory at which a worker dies takes no others with it, and is given up after some attempts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from enrichment.models import Enrichment, StepPause
from enrichment.protocol import Cost, Outcome, Result, Step, StepInput
from enrichment.registry import steps
from enrichment.services.finishing import finish_jobs
from enrichment.services.leasing import HOLD_MAX, LEASE, kept
from enrichment.services.planning import readers_due
from memories.models import Memory, State
from memshadow.lib.clock import now
from memshadow.lib.ids import new_id

logger = logging.getLogger(__name__)

BATCH = {Cost.CHEAP: 200, Cost.LIGHT: 128, Cost.HEAVY: 8, Cost.REMOTE: 1}
_BACKOFF = timedelta(seconds=30)
_DIED = "The worker ended while it read this memory."
_State = Enrichment.State
_STORED = "state claim lease_until due_at attempts revision error took_ms result_sealed finished_at".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class _Done:
    row: Enrichment
    claim: UUID | None
    item: StepInput
    outcome: Outcome
    took_ms: float = 0.0


def run_due(*, for_s: float | None = None) -> int:
    """Run steps until nothing is due, or for about so many seconds; returns how many memories were read.

    Each turn takes one batch of each step, so that no step waits for the whole backlog of another.
    """
    total, until = 0, time.monotonic() + (for_s if for_s is not None else float("inf"))
    while turn := _turn(until):
        total += turn
        if time.monotonic() > until:
            break
    finish_jobs()
    return total


def _turn(until: float) -> int:
    """One batch of each step; servers are asked when nothing else is left to do, or its time is over."""
    ready = running_steps()
    count = sum(_run_batch(step) for step in ready if step.cost is not Cost.REMOTE)
    if count and time.monotonic() < until:
        return count
    return count + sum(_run_batch(step) for step in ready if step.cost is Cost.REMOTE)


def running_steps() -> list[Step]:
    """Steps that are not paused and can work, in the order of their inputs."""
    paused = set(StepPause.objects.values_list("step", flat=True))
    if "" in paused:
        return []
    return [step for step in steps().values() if step.name not in paused and step.is_available()]


def due(step: Step) -> QuerySet[Enrichment]:
    """What a step could read now: waiting rows whose inputs are settled, and what a dead worker left."""
    rows = Enrichment.objects.filter(step=step.name, version=step.version)
    waiting = rows.filter(state=_State.PENDING, due_at__lte=now())
    for name in step.inputs:
        unsettled = Enrichment.objects.filter(
            memory=OuterRef("memory"),
            step=name,
            version=steps()[name].version,
            state__in=[_State.PENDING, _State.RUNNING],
        )
        waiting = waiting.filter(~Exists(unsettled))
    return waiting


def _abandoned(step: Step) -> QuerySet[Enrichment]:
    rows = Enrichment.objects.filter(step=step.name, version=step.version, state=_State.RUNNING)
    return rows.filter(lease_until__lt=now())


def _run_batch(step: Step) -> int:
    """Claim and do one batch of a step; returns how many memories it had."""
    rows = _claimed(step)
    if not rows:
        return 0
    with kept(rows[0].claim, at_most=HOLD_MAX[step.cost]):
        pairs = _inputs(step, rows)
        try:
            done = _read(step, pairs)
        except Exception:
            logger.exception("Step %s failed on a batch of %d; trying them one by one", step.name, len(pairs))
            done = [_read_alone(step, row, item) for row, item in pairs]
        store(step, done)
    return len(rows)


@transaction.atomic
def _claimed(step: Step) -> list[Enrichment]:
    """A batch for this process, committed before it is read, so that the attempt counts whatever happens."""
    rows = list(_abandoned(step).select_for_update(skip_locked=True, of=("self",))[:1])
    if rows and rows[0].attempts >= settings.ENRICHMENT_MAX_ATTEMPTS:
        _give_up(rows[0])
        return rows
    if not rows:
        rows = list(
            due(step)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("-priority", "due_at")[: BATCH[step.cost]]
        )
    claim, lease_until = new_id(), now() + LEASE
    for row in rows:
        row.state, row.claim, row.lease_until, row.attempts = _State.RUNNING, claim, lease_until, row.attempts + 1
    ids = [row.id for row in rows]
    Enrichment.objects.filter(id__in=ids).update(
        state=_State.RUNNING, claim=claim, lease_until=lease_until, attempts=F("attempts") + 1
    )
    return rows


def _give_up(row: Enrichment) -> None:
    row.state, row.error, row.claim = _State.FAILED, _DIED, None
    row.save(update_fields=["state", "error", "claim"])


def _inputs(step: Step, rows: Sequence[Enrichment]) -> list[tuple[Enrichment, StepInput]]:
    """The memories of these rows; the row learns which revision it reads. What is gone or given up is left out.

    What was sealed or put into the trash since it was planned is nobody's to read: its row goes, and is planned again
    when the memory is back.
    """
    running = [row for row in rows if row.state == _State.RUNNING]
    readable = Memory.objects.filter(is_sealed=False).exclude(state=State.DELETED)
    memories = readable.in_bulk({row.memory_id for row in running})
    Enrichment.objects.filter(id__in=[row.id for row in running if row.memory_id not in memories]).delete()
    results = _results(step, list(memories))
    pairs = []
    for row in rows:
        memory = memories.get(row.memory_id)
        if memory is not None:
            row.revision = memory.revision_count
            pairs.append((row, _input(memory, results.get(memory.id, {}))))
    return pairs


def _input(memory: Memory, results: dict[str, Result]) -> StepInput:
    return StepInput(
        memory_id=memory.id,
        owner_id=memory.owner_id,
        text=memory.content,
        kind=memory.kind,
        author=memory.author,
        role=memory.role,
        language=memory.language,
        occurred_at=memory.occurred_at,
        conversation_id=memory.conversation_id,
        results=results,
    )


def _results(step: Step, memory_ids: Sequence[UUID]) -> dict[UUID, dict[str, Result]]:
    found: dict[UUID, dict[str, Result]] = {}
    wanted = Q(pk__in=[])
    for name in step.inputs:
        wanted |= Q(step=name, version=steps()[name].version)
    for row in Enrichment.objects.filter(wanted, memory__in=memory_ids, state=_State.DONE):
        found.setdefault(row.memory_id, {})[row.step] = row.result
    return found


def _read(step: Step, pairs: Sequence[tuple[Enrichment, StepInput]]) -> list[_Done]:
    if not pairs:
        return []
    started = time.perf_counter()
    outcomes = step.run([item for _, item in pairs])
    took_ms = (time.perf_counter() - started) * 1000 / len(pairs)
    return [_Done(row, row.claim, item, outcome, took_ms) for (row, item), outcome in zip(pairs, outcomes, strict=True)]


def _read_alone(step: Step, row: Enrichment, item: StepInput) -> _Done:
    try:
        return _read(step, [(row, item)])[0]
    except Exception as error:
        logger.exception("Step %s failed on memory %s", step.name, item.memory_id)
        return _Done(row, row.claim, item, Outcome(error=type(error).__name__))


def store(step: Step, done: Sequence[_Done]) -> None:
    """Commit the results of a batch; where that fails, memory by memory."""
    try:
        _commit(step, done)
    except Exception:
        logger.exception("The results of step %s could not be stored at once; trying them one by one", step.name)
        for one in done:
            _store_alone(step, one)


def _store_alone(step: Step, one: _Done) -> None:
    try:
        _commit(step, [one])
    except Exception as error:
        logger.exception("What step %s found in memory %s could not be stored", step.name, one.item.memory_id)
        _commit(step, [replace(one, outcome=Outcome(error=type(error).__name__))])


@transaction.atomic
def _commit(step: Step, done: Sequence[_Done]) -> None:
    """Store what is still ours and still about the same text; the rest was taken up by others, or is due again."""
    rows = Enrichment.objects.select_for_update().filter(id__in=[one.row.id for one in done])
    claims = dict(rows.values_list("id", "claim"))
    revisions = _revisions([one.item.memory_id for one in done])
    ours = [one for one in done if claims.get(one.row.id) == one.claim and one.item.memory_id in revisions]
    good = [one for one in ours if _noted(one, revisions[one.item.memory_id])]
    # By the conflict of their ids: Django's bulk_update takes twenty times as long to put its statement together.
    Enrichment.objects.bulk_create(
        [one.row for one in ours], update_conflicts=True, unique_fields=["id"], update_fields=_STORED
    )
    _record(step, good)


def _revisions(memory_ids: Sequence[UUID]) -> dict[UUID, int]:
    return dict(Memory.objects.filter(id__in=memory_ids).values_list("id", "revision_count"))


def _noted(one: _Done, revision: int) -> bool:
    """Write the outcome into the row; whether it is a result. A text that changed meanwhile is to be read again."""
    row = one.row
    row.claim = row.lease_until = None
    if revision != row.revision:
        row.state, row.due_at, row.attempts = _State.PENDING, now(), 0
        return False
    if one.outcome.wait_s:
        row.state, row.due_at = _State.PENDING, now() + timedelta(seconds=one.outcome.wait_s)
        row.attempts, row.error = max(0, row.attempts - 1), one.outcome.error[:300]
        return False
    if one.outcome.error:
        _note_failure(one)
        return False
    _note_result(one)
    return True


def _note_result(one: _Done) -> None:
    row = one.row
    row.state, row.error, row.finished_at, row.took_ms = _State.DONE, "", now(), one.took_ms
    row.result = dict(one.outcome.result)


def _note_failure(one: _Done) -> None:
    row = one.row
    row.error, row.took_ms = one.outcome.error[:300], one.took_ms
    given_up = one.outcome.is_final or row.attempts >= settings.ENRICHMENT_MAX_ATTEMPTS
    row.state = _State.FAILED if given_up else _State.PENDING
    row.due_at = now() + _BACKOFF * 2 ** (row.attempts - 1)


def _record(step: Step, good: Sequence[_Done]) -> None:
    """The step's own rows; older versions' results go, and who reads this step reads the new ones."""
    in_order = sorted(good, key=lambda one: one.item.owner_id)
    for _, of_owner in groupby(in_order, key=lambda one: one.item.owner_id):
        step.record([(one.item, one.outcome.result) for one in of_owner])
    ids = [one.item.memory_id for one in good]
    Enrichment.objects.filter(memory__in=ids, step=step.name, version__lt=step.version).delete()
    readers_due(step, ids)
