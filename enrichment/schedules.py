"""When enrichment's sweeps run."""

from __future__ import annotations

from enrichment.services import maintaining, regrouping, scheduling  # noqa: F401 - two add their tasks
from memshadow.lib.jobs import every


def keep_schedules() -> None:
    """Make the schedules that are missing and bring the others up to date."""
    every(60, "enrichment.tasks.forget", "Forget names that no memory mentions")
    scheduling.keep_schedules()
