"""The watch over the second queue sees what there is to do, and nothing where there is nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import User
from enrichment.models import Enrichment, EnrichmentSchedule, Rollup, StepPause
from enrichment.services import scheduling
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from memories.services.revising import By, Change, edit_memory
from memshadow.lib.clock import now
from memshadow.settings.env import env
from memshadow.supervisor.enricher import LOOK, LOOK_EVERY_S, NOTHING_DONE, STUCK, Enricher


def some_work(*resting: str) -> bool:
    """What the watch is answered, its own schedule being due, while these steps rest."""
    EnrichmentSchedule.objects.filter(name="recent").update(next_run_at=now() - timedelta(seconds=1))
    with connection.cursor() as cursor:
        cursor.execute(LOOK, {"resting": list(resting)})
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
def test_new_memories_edits_and_due_rows_are_work(owner: User) -> None:
    scheduling.keep_schedules()
    assert not some_work()
    recent = EnrichmentSchedule.objects.get(name="recent")
    assert recent.last_run_at is not None and recent.next_run_at > now(), "a look that finds nothing is a run"
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="hello")).memory
    assert not some_work(), "it has not settled"
    Memory.objects.update(created_at=now() - timedelta(seconds=61))
    assert some_work()
    row = Enrichment.objects.create(owner=owner, memory=memory, step="one", state="done")
    assert not some_work()
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="bye"), by=By(owner))
    assert some_work()
    Enrichment.objects.update(revision=1, state="pending", due_at=now() + timedelta(minutes=1))
    assert not some_work()
    Enrichment.objects.update(due_at=now() - timedelta(seconds=1))
    assert some_work()
    StepPause.objects.create(step=row.step)
    assert not some_work()


@pytest.mark.django_db
def test_due_schedules_and_what_dead_workers_left_are_work(owner: User) -> None:
    scheduling.keep_schedules()
    EnrichmentSchedule.objects.filter(name="missing").update(next_run_at=now() - timedelta(seconds=1))
    assert some_work()
    EnrichmentSchedule.objects.filter(name="missing").update(is_on=False)
    assert not some_work()
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="hello")).memory
    left = {"state": "running", "lease_until": now() - timedelta(seconds=1)}
    Enrichment.objects.create(owner=owner, memory=memory, step="one", **left)
    assert some_work()
    StepPause.objects.create(step="")
    assert not some_work()


@pytest.mark.django_db
def test_summaries_are_planned_after_news_only_and_made_when_due(owner: User) -> None:
    scheduling.keep_schedules()
    earlier, later = now() - timedelta(minutes=1), now() + timedelta(hours=1)
    EnrichmentSchedule.objects.update(next_run_at=later)
    EnrichmentSchedule.objects.filter(name="rollups").update(next_run_at=earlier)
    assert not some_work()
    capture_memory(owner=owner, draft=MemoryDraft(content="hello there, my dear friend"))
    assert some_work()
    assert scheduling.run_schedules() >= 1 and Rollup.objects.filter(is_due=True).count() == 1
    Memory.objects.all().delete()
    assert not some_work()
    Rollup.objects.update(due_at=earlier)
    assert some_work()
    StepPause.objects.create(step="summary")
    assert not some_work()


@pytest.mark.django_db
def test_steps_that_can_do_nothing_rest_and_keep_nobody_else_waiting(owner: User) -> None:
    scheduling.keep_schedules()
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="hello")).memory
    Enrichment.objects.create(owner=owner, memory=memory, step="stuck", due_at=now() - timedelta(seconds=1))
    with connection.cursor() as cursor:
        cursor.execute(STUCK)
        stuck = [step for (step,) in cursor.fetchall()]
    assert stuck == ["stuck"] and some_work() and not some_work(*stuck)
    Enrichment.objects.create(owner=owner, memory=memory, step="other", due_at=now() - timedelta(seconds=1))
    assert some_work(*stuck)


class Watched(Enricher):
    """Its workers end with these exit statuses, its database answers so."""

    def __init__(self, codes: list[int], stuck: list[str]) -> None:
        super().__init__(env)
        self.codes, self.stuck, self.asked_with, self.pauses = codes, stuck, list[list[str]](), list[float]()
        self._stopping = self  # type: ignore[assignment]

    def wait(self, pause_s: float) -> bool:
        self.pauses.append(pause_s)
        return not self.codes

    def _asked(self, question: str) -> list[tuple[object, ...]]:
        if question == STUCK:
            return [(step,) for step in self.stuck]
        self.asked_with.append(self._resting)
        return [(True,)]

    def _work(self) -> int:
        return self.codes.pop(0)


def test_only_a_worker_that_breaks_keeps_everything_waiting() -> None:
    watched = Watched([0, NOTHING_DONE, 1, 1, 0], ["stuck"])
    watched.run()
    assert watched.asked_with == [[], [], ["stuck"], [], []]
    assert watched.pauses[:3] == [LOOK_EVERY_S, 0.0, LOOK_EVERY_S] and watched.pauses[3] < watched.pauses[4]
    assert watched.pauses[5] == 0.0
