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
from memshadow.supervisor.enricher import LOOK


def some_work() -> bool:
    """What the watch is answered, its own schedule being due."""
    EnrichmentSchedule.objects.filter(name="recent").update(next_run_at=now() - timedelta(seconds=1))
    with connection.cursor() as cursor:
        cursor.execute(LOOK)
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
