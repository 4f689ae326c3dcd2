"""Background work: the only module that knows django-q2."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from memshadow.lib.clock import now

_LOOK_AT = 20


def guard_admin_actions() -> None:
    """In the administration, running a task again needs the right to change it: django-q2 asks for none."""
    from django_q.admin import resubmit_task

    resubmit_task.allowed_permissions = ("change",)


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


def others_wait(task: str) -> bool:
    """Whether a task of another kind is queued or running: whoever has much to do then lets it pass between two steps.

    A worker fetches tasks ahead, so those that wait for it cannot be told from those that run.
    """
    from django_q.models import OrmQ

    return any(item.task.get("func") != task for item in OrmQ.objects.all()[:_LOOK_AT])


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
