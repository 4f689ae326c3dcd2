"""Which step is due on which memory: a row for each that is missing, and for each whose memory or inputs changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from enrichment.models import Enrichment, EnrichmentJob
from enrichment.protocol import Step
from enrichment.registry import readers_of, steps
from memories.models import Memory, MemoryRevision, State
from memshadow.lib.clock import now
from memshadow.lib.ids import first_id_at

# How long a memory is left alone after its capture: what is corrected at once is read once.
SETTLE: Final = timedelta(seconds=60)
_BATCH: Final = 1000
# A transaction that captures many memories commits them later than their ids say.
_OVERLAP: Final = timedelta(minutes=10)
_State = Enrichment.State


def plan_recent(*, since: datetime | None) -> int:
    """Plan what was captured or edited since then; returns how many rows became due.

    Their ids tell: both memories and revisions are numbered by time. Without `since`, everything is looked through.
    """
    if since is None:
        return plan(memories=enrichable())
    first = first_id_at(since - SETTLE - _OVERLAP)
    edited = MemoryRevision.objects.filter(id__gte=first).values("memory")
    return plan(memories=enrichable().filter(id__gte=first)) + plan(memories=enrichable().filter(id__in=edited))


def changed_since(since: datetime) -> set[UUID]:
    """The owners of memories that were captured or edited since then."""
    first = first_id_at(since - SETTLE - _OVERLAP)
    captured = Memory.objects.filter(id__gte=first).values_list("owner_id", flat=True)
    edited = MemoryRevision.objects.filter(id__gte=first).values_list("owner_id", flat=True)
    return {*captured.distinct(), *edited.distinct()}


def enrichable() -> QuerySet[Memory]:
    """Memories that have a text to read, and have settled. What its owner sealed, and the trash, is left alone."""
    rows = Memory.objects.filter(is_sealed=False, created_at__lte=now() - SETTLE)
    return rows.exclude(state=State.DELETED)


def plan(*, memories: QuerySet[Memory], only: Collection[str] | None = None) -> int:
    """Make each step due on those of these memories that it has not read as they are now; returns how many rows."""
    return sum(
        _plan_step(step, memories)
        for step in steps().values()
        if step.is_available() and (only is None or step.name in only)
    )


def _plan_step(step: Step, memories: QuerySet[Memory]) -> int:
    if step.languages is not None:
        memories = memories.filter(language__in=step.languages)
    memories = step.narrowed(memories)
    count = _freshen(step, memories)
    rows = Enrichment.objects.filter(memory=OuterRef("pk"), step=step.name, version=step.version)
    missing = memories.filter(~Exists(rows)).order_by("id").values_list("id", "owner_id")
    while found := list(missing[:_BATCH]):
        Enrichment.objects.bulk_create(
            [
                Enrichment(memory_id=memory, owner_id=owner, step=step.name, version=step.version)
                for memory, owner in found
            ],
            ignore_conflicts=True,
        )
        count += len(found)
        if len(found) < _BATCH:
            break
    return count


def _freshen(step: Step, memories: QuerySet[Memory]) -> int:
    """Rows whose memory was changed since it was read are due again; what was found is shown until then."""
    rows = Enrichment.objects.filter(step=step.name, version=step.version, state__in=[_State.DONE, _State.FAILED])
    changed = rows.exclude(revision=F("memory__revision_count")).filter(memory__in=memories)
    return due_again(changed)


def due_again(rows: QuerySet[Enrichment], *, priority: int | None = None, job: EnrichmentJob | None = None) -> int:
    """Have these done afresh, whatever became of them before; returns how many."""
    ids = list(rows.values_list("id", flat=True))
    values: dict[str, object] = {"state": _State.PENDING, "due_at": now(), "attempts": 0, "error": "", "claim": None}
    if priority is not None:
        values["priority"] = priority
    if job is not None:
        values["job"] = job
    return Enrichment.objects.filter(id__in=ids).update(**values)


def readers_due(step: Step, memory_ids: Sequence[UUID]) -> None:
    """What read this step's results of these memories reads the new ones."""
    for reader in readers_of(step.name):
        due_again(
            Enrichment.objects.filter(
                memory__in=memory_ids,
                step=reader.name,
                version=reader.version,
                state__in=[_State.DONE, _State.FAILED],
            )
        )


@transaction.atomic
def retry_failed(*, owner: User, step: str = "") -> int:
    """Give the owner's failures another chance, of one step or of all; returns how many."""
    rows = Enrichment.objects.filter(owner=owner, state=_State.FAILED)
    return due_again(rows.filter(Q(step=step) if step else Q()))
