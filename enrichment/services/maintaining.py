"""Maintenance: asked for, or nightly; a report is kept of each run, of dry ones too."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from datetime import time as clock_time
from typing import Any, Final

from django.db import transaction

from accounts.audit import record
from accounts.models import User
from enrichment.access import schedule_or_404
from enrichment.maintenance import CHECKS, Check
from enrichment.models import MaintenanceRun
from enrichment.services.scheduling import Task, add_task, run_now
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, MemshadowError

logger = logging.getLogger(__name__)

TASK: Final = "maintenance"
_KEPT: Final = 100
_State = MaintenanceRun.State


@transaction.atomic
def ask_for_maintenance(*, actor: User, is_dry: bool) -> MaintenanceRun:
    """Have it run in the background within seconds. Raises Conflict while one waits or runs, or the task is off."""
    if not schedule_or_404(TASK).is_on:
        raise Conflict("Maintenance is switched off: switch its schedule on, or run manage.py maintain.")
    if MaintenanceRun.objects.select_for_update().filter(state__in=[_State.WAITING, _State.RUNNING]).exists():
        raise Conflict("Maintenance is under way already; wait until that run has ended.")
    run = MaintenanceRun.objects.create(is_dry=is_dry)
    run_now(actor=actor, name=TASK)
    record("maintenance.asked", actor=actor, dry_run=is_dry)
    return run


def maintain(*, is_dry: bool, tell: Callable[[str], object] = logger.info) -> MaintenanceRun:
    """Run every check now and keep the report."""
    run = MaintenanceRun.objects.create(is_dry=is_dry)
    _do(run, tell)
    return run


def run_waiting(_last: datetime | None) -> int:
    """What was asked for, or else the nightly run; returns how many things were put right.

    A run that a killed process left is done again: every check looks first.
    """
    waiting = list(MaintenanceRun.objects.filter(state__in=[_State.WAITING, _State.RUNNING]).order_by("asked_at"))
    return sum(_do(run, logger.info) for run in waiting or [MaintenanceRun.objects.create()])


def _do(run: MaintenanceRun, tell: Callable[[str], object]) -> int:
    MaintenanceRun.objects.filter(id=run.id).update(state=_State.RUNNING)
    started = time.perf_counter()
    findings = []
    for check in CHECKS:
        finding = _checked(check, mend=not run.is_dry)
        tell(f"{check.label}: {finding['says']}")
        findings.append(finding)
    run.state, run.findings, run.finished_at = _State.DONE, findings, now()
    run.took_ms = (time.perf_counter() - started) * 1000
    run.save()
    old = MaintenanceRun.objects.order_by("-asked_at", "-id").values_list("id", flat=True)[_KEPT:]
    MaintenanceRun.objects.filter(id__in=list(old)).delete()
    return sum(finding["mended"] for finding in findings)


def _checked(check: Check, *, mend: bool) -> dict[str, Any]:
    """The finding as it is kept; a check that fails says so and stops no other."""
    named = {"check": check.name, "label": check.label, "error": ""}
    try:
        return named | asdict(check.run(mend))
    except Exception as error:
        logger.exception("The maintenance check %s failed", check.name)
        why = error.message if isinstance(error, MemshadowError) else type(error).__name__
        return named | {"found": 0, "mended": 0, "figures": {}, "says": "It could not be looked at.", "error": why}


add_task(Task(TASK, "Nightly maintenance", run_waiting, at=clock_time(2, 0)))
