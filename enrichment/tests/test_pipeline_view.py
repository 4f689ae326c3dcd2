"""The page Enrichment: what waits, what failed, and who may do what about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from enrichment.models import Enrichment, EnrichmentSchedule, StepPause
from enrichment.registry import steps
from enrichment.services import scheduling
from enrichment.services.requesting import request_enrichment
from memories.drafts import MemoryDraft
from memories.filters import MemoryFilter
from memories.services.capture import capture_memory


@pytest.fixture
def name(owner: User, other: User) -> str:
    """A step that failed on a memory of Alice's, and waits on one of Bob's."""
    scheduling.keep_schedules()
    found = next(iter(steps()))
    for user in (owner, other):
        capture_memory(owner=user, draft=MemoryDraft(content=f"A quokka of {user.display_name}"))
        request_enrichment(owner=user, wanted=MemoryFilter(), step_names=[found])
    Enrichment.objects.filter(owner=owner).update(state="failed", error="ValueError", attempts=5)
    return found


@pytest.mark.django_db
def test_failures_are_shown_to_whom_they_belong_and_tried_again(
    owner: User, other: User, client_for: Callable[[User], Client], name: str
) -> None:
    page = client_for(owner).get("/enrichment/").content.decode()
    assert "A quokka of Alice" in page and "ValueError" in page and "A quokka of Bob" not in page
    assert "ValueError" not in client_for(other).get("/enrichment/").content.decode()
    client_for(other).post("/enrichment/retry/")
    assert Enrichment.objects.filter(state="failed").count() == 1
    answer = client_for(owner).post("/enrichment/retry/", {"step": name}, follow=True)
    assert "1 will be tried again." in answer.content.decode()
    assert not Enrichment.objects.filter(state="failed").exists()


@pytest.mark.django_db
def test_pauses_and_schedules_are_for_who_runs_the_server(
    owner: User, other: User, client_for: Callable[[User], Client], name: str
) -> None:
    member, manager = client_for(other), client_for(owner)
    form = {"is_on": "on", "at": "04:15", "weekday": "6"}
    for path, body in (("/enrichment/pause/", {"action": "pause"}), ("/enrichment/schedules/maintenance/", form)):
        assert member.post(path, body).status_code == 403
    assert "Pause everything" not in member.get("/enrichment/").content.decode()
    manager.post("/enrichment/pause/", {"action": "pause", "step": name})
    assert list(StepPause.objects.values_list("step", flat=True)) == [name]
    assert "Go on" in manager.get("/enrichment/").content.decode()
    manager.post("/enrichment/pause/", {"action": "resume", "step": name})
    manager.post("/enrichment/pause/", {"action": "pause"})
    assert "Enrichment is paused on this server" in member.get("/enrichment/").content.decode()
    assert manager.post("/enrichment/schedules/maintenance/", form).status_code == 302
    row = EnrichmentSchedule.objects.get(name="maintenance")
    assert (row.at and row.at.hour, row.weekday) == (4, 6)
    assert "Sundays at 04:15 UTC" in member.get("/enrichment/").content.decode()


@pytest.mark.django_db
def test_a_schedule_that_says_nothing_or_both_is_refused_in_the_form(
    owner: User, client_for: Callable[[User], Client], name: str
) -> None:
    client = client_for(owner)
    for form in ({"is_on": "on"}, {"every_minutes": "5", "at": "02:00"}):
        answer = client.post("/enrichment/schedules/missing/", form)
        assert answer.status_code == 200 and "either every how many minutes" in answer.content.decode()
    assert EnrichmentSchedule.objects.get(name="missing").every_minutes == 60
    assert client.post("/enrichment/schedules/missing/", {"action": "run"}).status_code == 302
    assert client.get("/enrichment/schedules/nothing/").status_code == 404
