"""`manage.py enrich`: do what is due, then end and give the memory back. The enricher starts it when there is work."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

import psutil
from django.core.management.base import BaseCommand

from enrichment import schedules  # noqa: F401 - every task that runs on one
from enrichment.services.regrouping import keep_up
from enrichment.services.rolling_up import make_rollups
from enrichment.services.running import run_due
from enrichment.services.scheduling import run_schedules
from memories import embedding_usage

NOTHING_DONE = 3
_WAIT_S = 1.0
_SLICE_S = 10.0
_TOPICS_EVERY_S = 120.0


class Command(BaseCommand):
    """Safe to run beside others, and to be killed: rows say what is due."""

    help = "Run due enrichment steps and schedules until nothing is left."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare when to end."""
        parser.add_argument("--idle", type=float, default=0.0, metavar="SECONDS", help="wait so long for more work")
        parser.add_argument(
            "--for", type=float, default=900.0, dest="for_s", metavar="SECONDS", help="end after so long"
        )
        parser.add_argument("--max-mib", type=int, default=1200, help="end when the process has grown beyond this")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit status 3 says that there was nothing to do."""
        started, busy_at, total = time.monotonic(), time.monotonic(), 0
        topics = _Topics()
        while True:
            done = run_schedules() + run_due(for_s=_SLICE_S) + make_rollups(for_s=_SLICE_S)
            done += topics.kept_up(is_pause=not done)
            embedding_usage.flush()
            total, busy_at = total + done, time.monotonic() if done else busy_at
            if time.monotonic() - started > options["for_s"] or _grown(options["max_mib"]):
                break
            if not done and time.monotonic() - busy_at >= options["idle"]:
                break
            if not done:
                time.sleep(_WAIT_S)
        if not total:
            raise SystemExit(NOTHING_DONE)


class _Topics:
    """When new memories are placed: once in each pause, and now and then while there is much else to do."""

    def __init__(self) -> None:
        self._looked_at, self._in_pause = float("-inf"), False

    def kept_up(self, *, is_pause: bool) -> int:
        """How many memories were placed, if it was time."""
        is_due = time.monotonic() - self._looked_at > _TOPICS_EVERY_S or (is_pause and not self._in_pause)
        self._in_pause = is_pause
        if not is_due:
            return 0
        self._looked_at = time.monotonic()
        return keep_up()


def _grown(max_mib: int) -> bool:
    return bool(psutil.Process().memory_info().rss > max_mib * 1024**2)
