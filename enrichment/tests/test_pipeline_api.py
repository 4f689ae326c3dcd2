"""The pipeline by API: ask, follow, retry, pause, set schedules; and a step of another package doing its work."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from enrichment import registry
from enrichment.models import Enrichment, EnrichmentSchedule
from enrichment.selectors import result_of
from enrichment.services import planning, scheduling
from enrichment.services.requesting import request_enrichment
from enrichment.services.running import run_due
from memories.drafts import MemoryDraft
from memories.filters import MemoryFilter
from memories.models import WebhookDelivery
from memories.services.capture import capture_memory
from memories.services.webhooks import create_webhook
from memshadow.lib.clock import now
from memshadow.lib.errors import PermissionRefused

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "example-step"
NAME = "reading-time"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip has put the example of the documentation."""
    source, target = tmp_path_factory.mktemp("source") / "example-step", tmp_path_factory.mktemp("packages")
    shutil.copytree(EXAMPLE, source)
    offline = ["--no-index", "--no-build-isolation", "--no-deps", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", target, source], check=True)
    return target


@pytest.fixture
def example(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example is there; memories settle at once."""
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setattr(planning, "SETTLE", timedelta(seconds=-1))
    registry.steps.cache_clear()
    yield
    monkeypatch.undo()
    sys.modules.pop("memshadow_reading_time", None)
    registry.steps.cache_clear()


@pytest.fixture
def ask(api_key: Callable[..., str]) -> Callable[..., Any]:
    """A program of that person."""

    def call(user: User, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        key = api_key(user, ("memories:*", "enrich", "admin"))
        answer = Client().generic(
            method,
            f"/api/v1/enrich{path}",
            b"" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answer.status_code == status, answer.content
        return answer.json()

    return call


@pytest.mark.django_db
def test_a_step_of_another_package_runs_on_request(owner: User, example: None, ask: Callable[..., Any]) -> None:
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="one two three")).memory
    job = ask(owner, "POST", "", {"memory_ids": [str(memory.id)], "steps": [NAME]}, 202)
    assert (job["state"], job["total"], job["waiting"], job["memory_count"]) == ("waiting", 1, 1, 1)
    assert run_due() == 1
    assert ask(owner, "GET", f"/jobs/{job['id']}")["state"] == "done"
    assert [one["id"] for one in ask(owner, "GET", "/jobs")["items"]] == [job["id"]]
    assert result_of(owner, memory.id, NAME) == {"words": 3, "minutes": 0.0}
    step = next(one for one in ask(owner, "GET", "/steps")["items"] if one["name"] == NAME)
    assert (step["done"], step["waiting"], step["label"]) == (1, 0, "Reading time") and step["rate_per_s"] > 0


@pytest.mark.django_db
def test_asking_for_what_is_not_there_changes_nothing(
    owner: User, other: User, viewer: User, example: None, ask: Callable[..., Any]
) -> None:
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="Alice's")).memory
    ids = [str(memory.id)]
    ask(other, "POST", "", {"memory_ids": ids}, 404)
    ask(owner, "POST", "", {"memory_ids": ids, "steps": ["nothing"]}, 404)
    ask(owner, "POST", "", {}, 422)
    ask(owner, "POST", "", {"memory_ids": ids, "filter": {}}, 422)
    with pytest.raises(PermissionRefused):
        request_enrichment(owner=viewer, wanted=MemoryFilter())
    assert not Enrichment.objects.exists()


@pytest.mark.django_db
def test_failures_are_tried_again_and_steps_rest(
    owner: User, other: User, example: None, ask: Callable[..., Any]
) -> None:
    capture_memory(owner=owner, draft=MemoryDraft(content="one"))
    ask(owner, "POST", "", {"filter": {}, "steps": [NAME]}, 202)
    Enrichment.objects.update(state="failed", attempts=5, error="ValueError")
    assert ask(other, "POST", "/retry", {})["retried"] == 0
    assert ask(owner, "POST", "/retry", {"step": NAME})["retried"] == 1
    ask(other, "PUT", "/pause", {"paused": True}, 403)
    steps = ask(owner, "PUT", "/pause", {"paused": True, "step": NAME})["items"]
    assert {one["name"]: one["is_paused"] for one in steps}[NAME] is True
    assert run_due() == 0
    ask(owner, "PUT", "/pause", {"paused": False, "step": NAME})
    assert run_due() == 1


@pytest.mark.django_db
def test_schedules_are_set_by_who_runs_the_server(owner: User, other: User, ask: Callable[..., Any]) -> None:
    scheduling.keep_schedules()
    ask(other, "PUT", "/schedules/maintenance", {"is_on": False, "at": "03:30"}, 403)
    row = ask(owner, "PUT", "/schedules/maintenance", {"is_on": True, "at": "03:30", "weekday": 6})
    assert (row["at"], row["weekday"], row["every_minutes"]) == ("03:30", 6, None)
    assert "T03:30:00" in row["next_run_at"]
    ask(owner, "PUT", "/schedules/maintenance", {"is_on": True}, 422)
    ask(owner, "PUT", "/schedules/nothing", {"is_on": True, "every_minutes": 5}, 404)
    ask(owner, "POST", "/schedules/missing/run", None, 202)
    assert EnrichmentSchedule.objects.get(name="missing").next_run_at <= now()
    assert {"recent", "missing", "maintenance"} <= {one["name"] for one in ask(other, "GET", "/schedules")["items"]}


@pytest.mark.django_db
def test_the_end_of_a_job_is_noted_once_and_told(owner: User, ask: Callable[..., Any], example: None) -> None:
    hook = create_webhook(owner=owner, url="https://9.9.9.9/hook", events=["enrichment.finished"])
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="A text of a few words.")).memory
    job = ask(owner, "POST", "", {"memory_ids": [str(memory.id)], "steps": [NAME]}, 202)
    assert job["finished_at"] is None and not WebhookDelivery.objects.exists()
    run_due()
    run_due()
    assert ask(owner, "GET", f"/jobs/{job['id']}")["finished_at"] is not None
    told = WebhookDelivery.objects.get(webhook=hook)
    assert (told.event, told.data) == ("enrichment.finished", {"job_id": job["id"], "done": 1, "failed": 0})
