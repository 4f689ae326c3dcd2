"""The pipeline: what is due is read once, what fails fails alone, what changed is read again, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from enrichment.models import Enrichment, EnrichmentSchedule
from enrichment.protocol import Outcome, Step, StepInput
from enrichment.selectors import result_of
from enrichment.services import pausing, planning, scheduling
from enrichment.services.leasing import kept
from enrichment.services.planning import plan_recent, retry_failed
from enrichment.services.requesting import request_enrichment
from enrichment.services.running import run_due
from memories.drafts import MemoryDraft
from memories.filters import MemoryFilter
from memories.models import Memory
from memories.services.capture import capture_memory
from memories.services.lifecycle import delete_memory, restore_memory
from memories.services.revising import By, Change, edit_memory
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound
from memshadow.lib.ids import new_id
from tests.faults.conftest import until

State = Enrichment.State


class Upper(Step):
    """Writes in capitals. 'boom' crashes it, 'no' is an answer that says no."""

    name, label = "upper", "Capitals"

    def __init__(self) -> None:
        self.seen: list[list[str]] = []

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        self.seen.append([item.text for item in batch])
        if any("boom" in item.text for item in batch):
            raise RuntimeError("a text that must not be stored")
        return [Outcome(error="refused", is_final=True) if item.text == "no" else self._of(item) for item in batch]

    def _of(self, item: StepInput) -> Outcome:
        return Outcome({"text": item.text.upper()})


class Count(Step):
    """Counts what the other found."""

    name, label, inputs = "count", "Counting", ("upper",)

    def __init__(self) -> None:
        self.runs = 0

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        self.runs += len(batch)
        return [Outcome({"chars": len(item.results.get("upper", {}).get("text", ""))}) for item in batch]


class German(Step):
    """Reads one language only."""

    name, label, languages = "german", "German", frozenset({"de"})

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        return [Outcome({"seen": True}) for _ in batch]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[dict[str, Any]]:
    """These three steps alone, and memories that have settled at once."""
    there: dict[str, Any] = {"upper": Upper(), "count": Count(), "german": German()}
    for module in ("registry", "services.planning", "services.running", "services.requesting"):
        monkeypatch.setattr(f"enrichment.{module}.steps", lambda: there)
    monkeypatch.setattr(planning, "SETTLE", timedelta(seconds=-1))
    yield there


@pytest.fixture
def remember(owner: User) -> Callable[..., Memory]:
    """Capture a note of Alice's."""

    def capture(text: str, by: User = owner) -> Memory:
        return capture_memory(owner=by, draft=MemoryDraft(content=text)).memory

    return capture


def work() -> int:
    """What a worker does when it is started."""
    plan_recent(since=now() - timedelta(hours=1))
    return run_due()


def states(step: str) -> dict[str, str]:
    rows = Enrichment.objects.filter(step=step).select_related("memory")
    return {row.memory.content: row.state for row in rows}


def hurry() -> None:
    """Back-off is over."""
    Enrichment.objects.update(due_at=now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_captured_memories_are_read_once_and_in_order(
    owner: User, steps: dict[str, Any], remember: Callable[..., Memory]
) -> None:
    memory = remember("hello")
    assert work() == 2
    assert result_of(owner, memory.id, "upper") == {"text": "HELLO"}
    assert result_of(owner, memory.id, "count") == {"chars": 5}
    assert result_of(owner, memory.id, "german") is None
    assert work() == 0 and steps["count"].runs == 1
    assert b"HELLO" not in bytes(Enrichment.objects.get(step="upper").result_sealed)


@pytest.mark.django_db
def test_a_memory_that_crashes_a_step_fails_alone_and_visibly(
    owner: User, steps: dict[str, Any], remember: Callable[..., Memory]
) -> None:
    for text in ("one", "boom", "two", "no"):
        remember(text)
    work()
    assert states("upper") == {"one": "done", "two": "done", "boom": "pending", "no": "failed"}
    for _ in range(4):
        hurry()
        run_due()
    row = Enrichment.objects.get(step="upper", state="failed", attempts=5)
    assert (row.memory.content, row.error) == ("boom", "RuntimeError")
    assert set(states("count").values()) == {"done"}, "what reads a failed step goes on without it"
    assert retry_failed(owner=owner, step="upper") == 2 and states("upper")["no"] == "pending"


@pytest.mark.django_db
def test_a_failure_waits_longer_each_time(steps: dict[str, Any], remember: Callable[..., Memory]) -> None:
    remember("boom")
    waits = []
    work()
    for _ in range(3):
        waits.append((Enrichment.objects.get(step="upper").due_at - now()).total_seconds())
        assert run_due() == 0, "before its time nothing is tried"
        hurry()
        run_due()
    assert waits[0] > 25 and waits[1] > 1.9 * waits[0] and waits[2] > 1.9 * waits[1]


@pytest.mark.django_db
def test_an_edit_makes_what_was_found_due_again(
    owner: User, steps: dict[str, Any], remember: Callable[..., Memory]
) -> None:
    memory, other = remember("before"), remember("other")
    work()
    steps["upper"].seen.clear()
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="after it"), by=By(owner))
    assert result_of(owner, memory.id, "upper") == {"text": "BEFORE"}, "shown until there is a newer one"
    work()
    assert steps["upper"].seen == [["after it"]]
    assert result_of(owner, memory.id, "count") == {"chars": 8}
    assert result_of(owner, other.id, "upper") == {"text": "OTHER"}


@pytest.mark.django_db
def test_an_edit_while_a_step_reads_is_not_overwritten(
    owner: User, steps: dict[str, Any], remember: Callable[..., Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = remember("before")

    def edited(self: Upper, item: StepInput) -> Outcome:
        if item.text == "before":
            edit_memory(owner=owner, memory_id=memory.id, change=Change(content="after"), by=By(owner))
        return Outcome({"text": item.text.upper()})

    monkeypatch.setattr(Upper, "_of", edited)
    work()
    assert result_of(owner, memory.id, "upper") == {"text": "AFTER"}


@pytest.mark.django_db
def test_a_new_version_runs_only_that_step_and_what_reads_it(
    owner: User, steps: dict[str, Any], remember: Callable[..., Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = remember("hello")
    work()
    monkeypatch.setattr(Count, "version", 2)
    work()
    assert (len(steps["upper"].seen), steps["count"].runs) == (1, 2)
    monkeypatch.setattr(Upper, "version", 2)
    work()
    assert (len(steps["upper"].seen), steps["count"].runs) == (2, 3)
    assert Enrichment.objects.filter(memory=memory).count() == 2, "older versions' rows are gone"


@pytest.mark.django_db
def test_what_a_dead_worker_had_in_hand_is_taken_up_alone(
    steps: dict[str, Any], remember: Callable[..., Memory]
) -> None:
    for text in ("one", "two"):
        remember(text)
    plan_recent(since=None)
    rows = Enrichment.objects.filter(step="upper")
    rows.update(state=State.RUNNING, attempts=1, lease_until=now() + timedelta(seconds=60))
    assert run_due() == 0, "another one may be at it"
    rows.update(lease_until=now() - timedelta(seconds=1))
    run_due()
    assert steps["upper"].seen == [["one"], ["two"]] or steps["upper"].seen == [["two"], ["one"]]
    rows.update(state=State.RUNNING, attempts=5, lease_until=now() - timedelta(seconds=1))
    run_due()
    assert set(states("upper").values()) == {"failed"} and len(steps["upper"].seen) == 2


@pytest.mark.django_db
def test_what_went_into_the_trash_is_not_read_until_it_is_back(
    owner: User, steps: dict[str, Any], remember: Callable[..., Memory]
) -> None:
    memory = remember("hello")
    plan_recent(since=None)
    delete_memory(owner=owner, memory_id=memory.id, by=By(owner))
    run_due()
    assert steps["upper"].seen == [] and not Enrichment.objects.exists()
    restore_memory(owner=owner, memory_id=memory.id, by=By(owner))
    work()
    assert states("upper") == {"hello": "done"}


@pytest.mark.django_db(transaction=True)
def test_a_long_batch_keeps_its_lease_and_a_hanging_one_does_not(
    owner: User, steps: dict[str, Any], remember: Callable[..., Memory]
) -> None:
    remember("hello")
    plan_recent(since=None)
    claim, short = new_id(), now() + timedelta(seconds=1)
    rows = Enrichment.objects.filter(step="upper")
    rows.update(state=State.RUNNING, claim=claim, lease_until=short)
    with kept(claim, at_most=timedelta(seconds=60), every_s=0.01):
        until(lambda: rows.filter(lease_until__gt=short + timedelta(seconds=60)).exists(), "the lease is renewed")
    rows.update(lease_until=short)
    with kept(claim, at_most=timedelta(0), every_s=0.001):
        until(lambda: "lease" not in [thread.name for thread in threading.enumerate()], "it gives up")
    assert rows.get().lease_until == short


@pytest.mark.django_db
def test_paused_steps_rest(owner: User, steps: dict[str, Any], remember: Callable[..., Memory]) -> None:
    remember("hello")
    pausing.pause(actor=owner, step="count")
    assert work() == 1
    pausing.resume(actor=owner, step="count")
    pausing.pause(actor=owner)
    assert run_due() == 0
    pausing.resume(actor=owner)
    assert run_due() == 1
    with pytest.raises(NotFound):
        pausing.pause(actor=owner, step="nothing")


@pytest.mark.django_db
def test_asked_for_goes_first_and_tells_how_far_it_is(
    owner: User, other: User, steps: dict[str, Any], remember: Callable[..., Memory]
) -> None:
    memories = [remember(f"number {n}") for n in range(3)]
    work()
    steps["upper"].seen.clear()
    job = request_enrichment(owner=owner, wanted=MemoryFilter(), step_names=["upper"])
    assert (job.memories, job.total, job.rows.filter(state="pending").count()) == (3, 3, 3)
    last = request_enrichment(owner=owner, memory_ids=[memories[2].id], step_names=["upper"], priority=50)
    run_due()
    assert steps["upper"].seen[0][0] == "number 2" and last.rows.get().state == "done"
    with pytest.raises(NotFound):
        request_enrichment(owner=other, memory_ids=[memories[0].id])
    assert request_enrichment(owner=other, wanted=MemoryFilter()).total == 0


@pytest.mark.django_db
def test_schedules_run_when_they_are_due_and_keep_what_people_set(
    owner: User, steps: dict[str, Any], remember: Callable[..., Memory]
) -> None:
    scheduling.keep_schedules()
    assert scheduling.run_schedules() == 0
    remember("hello")
    EnrichmentSchedule.objects.filter(name="missing").update(next_run_at=now())
    assert scheduling.run_schedules() == 1 and states("upper") == {"hello": "pending"}
    row = scheduling.change_schedule(actor=owner, name="missing", is_on=True, every_minutes=5)
    assert row.last_count == 2 and timedelta(minutes=4) < row.next_run_at - now() <= timedelta(minutes=5)
    scheduling.keep_schedules()
    assert EnrichmentSchedule.objects.get(name="missing").every_minutes == 5
    nightly = EnrichmentSchedule.objects.get(name="maintenance")
    assert (nightly.next_run_at.hour, nightly.next_run_at.minute) == (2, 0)
