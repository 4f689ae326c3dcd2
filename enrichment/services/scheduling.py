"""Schedules are rows: what is due is run, what went wrong is kept beside it, and people change when."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.audit import record
from accounts.models import User
from enrichment.access import schedule_or_404
from enrichment.models import EnrichmentSchedule
from enrichment.services.choosing_models import drop_unasked
from enrichment.services.planning import plan_recent
from enrichment.services.rolling_up import plan_rollups
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound, ValidationFailed

logger = logging.getLogger(__name__)

RECENT: Final = "recent"
# A task in hand is not taken up by another process; one that died with it is, after this.
_IN_HAND: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Task:
    """Something that runs on a schedule: given when it ran last, it returns how many things it did."""

    name: str
    label: str
    run: Callable[[datetime | None], int]
    every_minutes: int | None = None
    at: clock_time | None = None
    weekday: int | None = None


_tasks: dict[str, Task] = {}


def add_task(task: Task) -> None:
    """Have a task scheduled; its row is made at the next start, and then belongs to the people of the server."""
    _tasks[task.name] = task


def keep_schedules() -> None:
    """Make the rows that are missing. What people have set stays; rows of tasks that are gone go."""
    EnrichmentSchedule.objects.exclude(name__in=_tasks).delete()
    for task in _tasks.values():
        row = EnrichmentSchedule(
            name=task.name, label=task.label, every_minutes=task.every_minutes, at=task.at, weekday=task.weekday
        )
        row.next_run_at = row.following(now())
        EnrichmentSchedule.objects.bulk_create([row], ignore_conflicts=True)


def run_schedules() -> int:
    """Run what is due, one after the other; returns how many tasks ran."""
    count = 0
    while (claimed := _claimed()) is not None:
        _run(*claimed)
        count += 1
    return count


@transaction.atomic
def _claimed() -> tuple[EnrichmentSchedule, datetime | None] | None:
    """The next due task, put off for an hour in case this process dies, and when it ran before."""
    due = EnrichmentSchedule.objects.filter(is_on=True, next_run_at__lte=now(), name__in=_tasks)
    row = due.select_for_update(skip_locked=True).order_by("next_run_at").first()
    if row is None:
        return None
    row.next_run_at = now() + _IN_HAND
    row.save(update_fields=["next_run_at"])
    return row, row.last_run_at


def _run(row: EnrichmentSchedule, last: datetime | None) -> None:
    began, started = now(), time.perf_counter()
    error, count = "", 0
    try:
        count = _tasks[row.name].run(last)
    except Exception as failure:
        logger.exception("The task %s failed", row.name)
        error = type(failure).__name__
    row.refresh_from_db()
    row.last_error, row.last_count, row.last_took_ms = error, count, (time.perf_counter() - started) * 1000
    row.last_run_at = last if error else began
    row.next_run_at = row.following(now())
    row.save()


@transaction.atomic
def change_schedule(
    *,
    actor: User,
    name: str,
    is_on: bool,
    every_minutes: int | None = None,
    at: clock_time | None = None,
    weekday: int | None = None,
) -> EnrichmentSchedule:
    """Set when a task runs: every so many minutes, or at a time (UTC) of each day or of one weekday (0 is Monday).

    Raises NotFound and ValidationFailed.
    """
    row = EnrichmentSchedule.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise NotFound("There is no such schedule.")
    row.is_on, row.every_minutes, row.at = is_on, every_minutes, at
    row.weekday = weekday if at is not None else None
    _check(row)
    row.next_run_at = row.following(now())
    row.save()
    record("enrichment.schedule_changed", actor=actor, schedule=name)
    return row


def _check(row: EnrichmentSchedule) -> None:
    if (row.every_minutes is None) == (row.at is None):
        raise ValidationFailed("Say either every how many minutes, or at what time.", field="every_minutes")
    try:
        row.clean_fields()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise ValidationFailed(messages[0], field=field) from error


def run_now(*, actor: User, name: str) -> EnrichmentSchedule:
    """Have a task run at once. Raises NotFound."""
    row = schedule_or_404(name)
    EnrichmentSchedule.objects.filter(name=name).update(next_run_at=now())
    row.refresh_from_db()
    return row


def _missing(_last: datetime | None) -> int:
    return plan_recent(since=None) + drop_unasked()


def _recent(last: datetime | None) -> int:
    return plan_recent(since=last or now() - timedelta(hours=2))


def _rollups(last: datetime | None) -> int:
    return plan_rollups(since=last)


def _all_rollups(_last: datetime | None) -> int:
    return plan_rollups(since=None)


add_task(Task(RECENT, "Read what was captured or changed", _recent, every_minutes=1))
add_task(Task("missing", "Look for what is missing", _missing, every_minutes=60))
add_task(Task("rollups", "Plan summaries of what changed", _rollups, every_minutes=10))
add_task(Task("all-rollups", "Plan all summaries", _all_rollups, at=clock_time(2, 30)))
