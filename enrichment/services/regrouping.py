"""When memories are grouped again: each week, and whenever an owner's have grown by half; in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from datetime import time as clock_time
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count

from enrichment.language import give_back
from enrichment.models import StepPause, TopicRun
from enrichment.services.placing import place_new
from enrichment.services.scheduling import Task, add_task
from memories import generations
from memories.models import IndexState, Memory, State
from memshadow.parent_death import ends_with_parent

LEAST_MEMORIES: Final = 20
_GROWN: Final = 1.5
_SUNDAY: Final = 6


def keep_up() -> int:
    """Place what is new, and group what has grown; returns how many memories were placed or owners grouped."""
    if StepPause.objects.filter(step="").exists():
        return 0
    placed, grown = place_new(), len(list(owners_grown()))
    if grown:
        group_apart("--grown")
    return placed + grown


def owners_grown() -> Iterator[UUID]:
    """Owners who were never grouped, or not with the model in use, or who have half as many memories again."""
    active, runs = generations.active().id, TopicRun.objects.in_bulk()
    for owner_id, number in _numbers():
        run = runs.get(owner_id)
        if number >= LEAST_MEMORIES and (
            run is None or run.embedding_model_id != active or number >= run.memories * _GROWN
        ):
            yield owner_id


def owners_all() -> Iterator[UUID]:
    """Everybody with memories enough for topics."""
    return (owner_id for owner_id, number in _numbers() if number >= LEAST_MEMORIES)


def _numbers() -> list[tuple[UUID, int]]:
    rows = Memory.objects.filter(state=State.ACTIVE, is_sealed=False, index_state=IndexState.DONE)
    return list(rows.values_list("owner").annotate(n=Count("id")).order_by("owner"))


def group_apart(*options: str) -> None:
    """Run `manage.py topics` and wait: what it loads is given back when it ends, and meanwhile this process has less.

    Raises CalledProcessError when it fails.
    """
    give_back()
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "topics", *options]
    subprocess.run(command, check=True, preexec_fn=ends_with_parent(signal.SIGTERM))  # noqa: S603


def _weekly(_last: datetime | None) -> int:
    group_apart()
    return TopicRun.objects.count()


add_task(Task("topics", "Weekly topics and map", _weekly, at=clock_time(3, 0), weekday=_SUNDAY))
