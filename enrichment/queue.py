"""How far enrichment is: by step, what failed, jobs and schedules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Avg, Count, Q

from accounts.models import User
from enrichment.models import Enrichment, EnrichmentJob, EnrichmentSchedule, StepPause
from enrichment.protocol import Step
from enrichment.registry import steps
from memshadow.lib.clock import now

# Rates are of what was done in this time.
WINDOW: Final = timedelta(minutes=10)
JOBS_SHOWN: Final = 50
_State = Enrichment.State


@dataclass(frozen=True, slots=True)
class StepStatus:
    """One step on one owner's memories. `rate_per_s` and `left_s` are None where nothing was done lately."""

    name: str
    label: str
    version: int
    cost: str
    inputs: tuple[str, ...]
    is_available: bool
    is_paused: bool
    waiting: int
    running: int
    done: int
    failed: int
    took_ms: float
    rate_per_s: float | None
    left_s: float | None


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job, and how many of its rows are done, failed or still to come."""

    job: EnrichmentJob
    done: int
    failed: int
    waiting: int

    @property
    def state(self) -> str:
        """waiting, running or done; a job with failures is done too."""
        if not self.waiting:
            return "done"
        return "running" if self.done + self.failed else "waiting"

    @property
    def fraction(self) -> float:
        """0 to 1."""
        return 1 - self.waiting / self.job.total if self.job.total else 1.0


def queue_of(owner: User) -> list[StepStatus]:
    """Every step, in the order in which they run."""
    paused = set(StepPause.objects.values_list("step", flat=True))
    counts, lately = _counts(owner), _lately(owner)
    return [
        _step_status(step, counts[name, step.version], lately.get(name, (0, 0.0)), bool(paused & {name, ""}))
        for name, step in steps().items()
    ]


def _step_status(step: Step, counts: Mapping[str, int], lately: tuple[int, float], is_paused: bool) -> StepStatus:
    rate = lately[0] / WINDOW.total_seconds() if lately[0] else None
    left = counts[_State.PENDING] + counts[_State.RUNNING]
    return StepStatus(
        name=step.name,
        label=step.label,
        version=step.version,
        cost=step.cost.value,
        inputs=step.inputs,
        is_available=step.is_available(),
        is_paused=is_paused,
        waiting=counts[_State.PENDING],
        running=counts[_State.RUNNING],
        done=counts[_State.DONE],
        failed=counts[_State.FAILED],
        took_ms=lately[1],
        rate_per_s=rate,
        left_s=left / rate if rate and left else None,
    )


def is_all_paused() -> bool:
    """Whether everything rests."""
    return StepPause.objects.filter(step="").exists()


def _counts(owner: User) -> dict[tuple[str, int], dict[str, int]]:
    found: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = Enrichment.objects.filter(owner=owner).values_list("step", "version", "state").annotate(n=Count("id"))
    for step, version, state, count in rows.order_by():
        found[step, version][state] = count
    return found


def _lately(owner: User) -> dict[str, tuple[int, float]]:
    rows = Enrichment.objects.filter(owner=owner, finished_at__gte=now() - WINDOW)
    grouped = rows.values_list("step").annotate(n=Count("id"), took=Avg("took_ms")).order_by()
    return {step: (count, took) for step, count, took in grouped}


def failures_of(owner: User, limit: int = 50) -> list[Enrichment]:
    """What was given up, newest first."""
    rows = Enrichment.objects.filter(owner=owner, state=_State.FAILED).select_related("memory")
    return list(rows.order_by("-due_at", "-id")[:limit])


def jobs_of(owner: User) -> list[JobStatus]:
    """The newest jobs."""
    return job_statuses(EnrichmentJob.objects.filter(owner=owner).order_by("-created_at", "-id")[:JOBS_SHOWN])


def job_statuses(jobs: Iterable[EnrichmentJob]) -> list[JobStatus]:
    """How far each is; rows that a later job took over count as done here."""
    listed = list(jobs)
    counts = {
        job_id: (failed, waiting)
        for job_id, failed, waiting in Enrichment.objects.filter(job__in=listed)
        .values_list("job")
        .annotate(
            failed=Count("id", filter=Q(state=_State.FAILED)),
            waiting=Count("id", filter=Q(state__in=[_State.PENDING, _State.RUNNING])),
        )
        .order_by()
    }
    return [_status(job, *counts.get(job.id, (0, 0))) for job in listed]


def _status(job: EnrichmentJob, failed: int, waiting: int) -> JobStatus:
    return JobStatus(job, done=max(job.total - failed - waiting, 0), failed=failed, waiting=waiting)


def schedules() -> list[EnrichmentSchedule]:
    """All of them, the next one first."""
    return list(EnrichmentSchedule.objects.order_by("next_run_at", "name"))
