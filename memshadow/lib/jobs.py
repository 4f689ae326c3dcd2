"""Background work: the only module that knows django-q2."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from memshadow.lib.clock import now

_LOOK_AT = 20


def wake(task: str) -> None:
    """Ask a worker to run `task` (dotted path of a function without arguments) once this transaction commits.

    Wake-ups are coalesced: while one that no worker has fetched yet is waiting, another is not added. A lost
    wake-up costs at most the period of the task's schedule, because tasks are sweeps over rows.
    """
    transaction.on_commit(lambda: _enqueue(task))


def _enqueue(task: str) -> None:
    from django_q.models import OrmQ
    from django_q.tasks import async_task

    waiting = list(OrmQ.objects.filter(lock__lte=now())[:_LOOK_AT])
    if any(item.task.get("func") == task for item in waiting):
        return
    async_task(task)


def every(minutes: int, task: str, name: str) -> None:
    """Keep a schedule that runs `task` every so many minutes; calling again changes nothing."""
    from django_q.models import Schedule

    Schedule.objects.update_or_create(
        name=name,
        defaults={
            "func": task,
            "schedule_type": Schedule.MINUTES,
            "minutes": minutes,
            "repeats": -1,
        },
        create_defaults={
            "func": task,
            "schedule_type": Schedule.MINUTES,
            "minutes": minutes,
            "repeats": -1,
            "next_run": now() + timedelta(seconds=5),
        },
    )
