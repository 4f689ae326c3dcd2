"""Roll-ups are planned where memories came, changed or went, and made one by one in the background."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from enrichment.models import Enrichment, Rollup, RollupPart, StepPause
from enrichment.selectors import results_of
from enrichment.services.planning import changed_since
from enrichment.steps.summary import NAME as SUMMARY
from enrichment.summaries import Said, chosen, first_sentences
from enrichment.summaries.scopes import Scope, memories_of, wanted_scopes
from memories import generations
from memories.models import Memory
from memshadow.lib.clock import now
from memshadow.lib.ids import new_id

logger = logging.getLogger(__name__)

# So many memories are read for one roll-up, evenly chosen over its time, and so many sentences of each.
MEMORIES_MAX: Final = 400
_SENTENCES_EACH: Final = 2
_ATTEMPTS_MAX: Final = 5
_BACKOFF: Final = timedelta(minutes=2)
_BATCH: Final = 500
# So many memories for so many sentences.
_STEPS: Final = ((2, 2), (10, 3), (40, 4))
_MOST: Final = 6


def plan_rollups(*, since: datetime | None) -> int:
    """Have roll-ups made whose memories are others than when they were made; returns how many became due.

    Of owners whose memories changed since then; without `since`, of all.
    """
    owners = User.objects.all() if since is None else User.objects.filter(id__in=changed_since(since))
    return sum(_plan(owner_id) for owner_id in owners.values_list("id", flat=True))


@transaction.atomic
def _plan(owner_id: UUID) -> int:
    rows = {row.key: row for row in Rollup.objects.select_for_update().filter(owner_id=owner_id)}
    fresh, changed = [], []
    for scope in wanted_scopes(owner_id):
        row = rows.pop(scope.key, None)
        if row is None:
            fresh.append(_row(owner_id, scope))
        elif row.fingerprint != scope.fingerprint:
            changed.append(_due(row, scope))
    Rollup.objects.bulk_create(fresh, batch_size=_BATCH)
    Rollup.objects.bulk_update(
        changed, ["fingerprint", "memory_count", "is_due", "due_at", "attempts"], batch_size=_BATCH
    )
    Rollup.objects.filter(id__in=[row.id for row in rows.values()]).delete()
    return len(fresh) + len(changed)


def _row(owner_id: UUID, scope: Scope) -> Rollup:
    return _due(Rollup(owner_id=owner_id, kind=scope.kind, key=scope.key, **scope.place()), scope)


def _due(row: Rollup, scope: Scope) -> Rollup:
    row.fingerprint, row.memory_count = scope.fingerprint, scope.memory_count
    row.is_due, row.due_at, row.attempts = True, now(), 0
    return row


def make_rollups(*, for_s: float | None = None) -> int:
    """Make what is due, for about so many seconds; returns how many were made. Rests while summaries are paused."""
    if StepPause.objects.filter(step__in=["", SUMMARY]).exists():
        return 0
    count, until = 0, time.monotonic() + (for_s if for_s is not None else float("inf"))
    while time.monotonic() < until and _make_one():
        count += 1
    return count


def due_rollups() -> QuerySet[Rollup]:
    """What could be made now."""
    return Rollup.objects.filter(is_due=True, due_at__lte=now())


def _make_one() -> bool:
    """Make one in one transaction, so that a killed process leaves it as it was; False when none is due."""
    row = _claimed()
    if row is None:
        return False
    try:
        with transaction.atomic():
            _make(row)
    except Exception:
        logger.exception("The roll-up %s could not be made", row.id)
    return True


@transaction.atomic
def _claimed() -> Rollup | None:
    """The next one, put off in case this process dies with it; one that has failed often waits for a change."""
    row = due_rollups().select_for_update(skip_locked=True).order_by("due_at").first()
    if row is not None:
        row.attempts += 1
        row.due_at = now() + _BACKOFF * 2**row.attempts
        row.is_due = row.attempts < _ATTEMPTS_MAX
        row.save(update_fields=["attempts", "due_at", "is_due"])
    return row


def _make(row: Rollup) -> None:
    memories = list(_evenly(memories_of(row)))
    if _awaits_summaries(memories) and row.attempts < _ATTEMPTS_MAX:
        return
    said = _candidates(row, memories)
    vectors = generations.active().provider.embed_documents([one.words for _, one in said])
    kept = [said[number] for number in chosen(vectors, _how_many(len(memories)))]
    locked = Rollup.objects.select_for_update().filter(id=row.id, fingerprint=row.fingerprint)
    if not locked.exists():  # changed meanwhile: planned anew
        return
    row.parts.all().delete()
    RollupPart.objects.bulk_create([_part(row, number, *one) for number, one in enumerate(kept)])
    locked.update(is_due=False, made_at=now(), attempts=0)


def _evenly(rows: QuerySet[Memory]) -> Sequence[Memory]:
    ids = list(rows.values_list("id", flat=True))
    if len(ids) > MEMORIES_MAX:
        step = len(ids) / MEMORIES_MAX
        ids = [ids[int(number * step)] for number in range(MEMORIES_MAX)]
    found = Memory.objects.in_bulk(ids)
    return [found[key] for key in ids if key in found]


def _awaits_summaries(memories: Sequence[Memory]) -> bool:
    """Whether long texts among them are still to be summed up themselves."""
    states = [Enrichment.State.PENDING, Enrichment.State.RUNNING]
    return Enrichment.objects.filter(memory__in=memories, step=SUMMARY, state__in=states, attempts__lt=2).exists()


def _candidates(row: Rollup, memories: Sequence[Memory]) -> list[tuple[Memory, Said]]:
    """The sentences that sum up each memory, or its first ones where it is short."""
    summaries = results_of(row.owner, [memory.id for memory in memories], SUMMARY)
    found = []
    for memory in memories:
        said = [Said(**one) for one in summaries.get(memory.id, {}).get("sentences", ())]
        standing = [one for one in said if one.end <= len(memory.content)]
        chosen_few = standing[:_SENTENCES_EACH] or first_sentences(memory.content, _SENTENCES_EACH)
        found += [(memory, one) for one in chosen_few]
    return found


def _how_many(memories: int) -> int:
    return next((number for most, number in _STEPS if memories <= most), _MOST)


def _part(row: Rollup, number: int, memory: Memory, said: Said) -> RollupPart:
    part = RollupPart(id=new_id(), owner_id=row.owner_id, rollup=row, memory=memory, number=number)
    part.start, part.end, part.revision = said.start, said.end, memory.revision_count
    part.words = said.words
    return part
