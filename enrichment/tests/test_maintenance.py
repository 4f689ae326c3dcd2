"""Maintenance: a dry run changes nothing, a run puts right what it can, and each leaves its report."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from enrichment import maintenance
from enrichment.entities import Found
from enrichment.maintenance import Check
from enrichment.models import Enrichment, Entity, MaintenanceRun
from enrichment.services import maintaining, scheduling
from enrichment.services.recording import record_mentions
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from memshadow.lib.clock import now
from personas.services import create_persona

Capture = Callable[..., Memory]
STRAYED = (
    "SELECT count(*) FROM memories_searchentry e"
    " WHERE NOT EXISTS (SELECT 1 FROM memories_memory m WHERE m.id = e.memory_id)"
)


@pytest.fixture
def remember(owner: User) -> Capture:
    """Capture a note of Alice's."""

    def capture(text: str, **values: Any) -> Memory:
        return capture_memory(owner=owner, draft=MemoryDraft(content=text, **values)).memory

    return capture


@pytest.fixture
def neglected(owner: User, remember: Capture) -> Memory:
    """A broken result, rows of a step that is gone, a name without a mention, a memory past its time, an orphan."""
    memory = remember("hello there")
    Enrichment.objects.create(owner=owner, memory=memory, step="gone")
    read = Enrichment.objects.create(owner=owner, memory=memory, step="sentiment", state="done")
    Enrichment.objects.filter(id=read.id).update(result_sealed=b"nonsense")
    record_mentions(owner_id=owner.id, found={memory: [Found("person", 0, 4, "Anna", "Anna", "test")]})
    record_mentions(owner_id=owner.id, found={memory: []})
    persona = create_persona(owner=owner, name="Brief")
    type(persona).objects.filter(id=persona.id).update(retention_days=1, retention_action="archive")
    remember("of last year", persona_id=persona.id)
    Memory.objects.filter(persona=persona).update(created_at=now() - timedelta(days=300))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE memories_searchentry SET memory_id = %s WHERE memory_id = %s", [uuid4(), memory.id])
    return memory


def maintain(*words: str) -> dict[str, dict[str, Any]]:
    """The command's findings, by check."""
    out = StringIO()
    call_command("maintain", "--json", *words, stdout=out)
    return {one["check"]: one for one in json.loads(out.getvalue())["findings"]}


def is_neglected() -> list[bool]:
    """Whether each of those five things is still so."""
    with connection.cursor() as cursor:
        cursor.execute(STRAYED)
        orphans = cursor.fetchone()[0]
    return [
        Enrichment.objects.filter(step="gone").exists(),
        Enrichment.objects.filter(step="sentiment", state="done").exists(),
        Entity.objects.exists(),
        Memory.objects.filter(persona__isnull=False, state="active").exists(),
        orphans > 0,
    ]


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_says_what_a_run_then_does(neglected: Memory) -> None:
    found = maintain("--dry-run")
    assert {name: found[name]["found"] for name in ("retention", "results")} == {"retention": 1, "results": 1}
    assert found["index"]["figures"]["orphans"] == 1
    assert found["leftovers"]["figures"] == {
        "rows_of_steps_that_are_gone": 1,
        "names_without_a_mention": 1,
        "rows_of_another_owner": 0,
    }
    assert is_neglected() == [True] * 5 and not any(one["mended"] for one in found.values())
    done = maintain()
    assert is_neglected() == [False] * 5 and done["results"]["mended"] == 1
    after = maintain("--dry-run")
    assert not any(after[name]["found"] for name in ("retention", "leftovers", "results"))
    assert after["index"]["figures"]["orphans"] == 0
    assert [run.is_dry for run in MaintenanceRun.objects.order_by("id")] == [True, False, True]


@pytest.mark.django_db(transaction=True)
def test_what_stands_under_another_owner_goes(owner: User, other: User, remember: Capture) -> None:
    Enrichment.objects.create(owner=other, memory=remember("hello there"), step="sentiment", state="done")
    assert maintain()["leftovers"]["mended"] == 1 and not Enrichment.objects.exists()


@pytest.mark.django_db
def test_a_check_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(mend: bool) -> maintenance.Finding:
        raise RuntimeError("a secret")

    monkeypatch.setattr(maintaining, "CHECKS", (Check("broken", "Broken", broken), *maintenance.CHECKS[:1]))
    with pytest.raises(SystemExit):
        call_command("maintain", stdout=StringIO())
    first, second = MaintenanceRun.objects.get().findings
    assert (first["error"], second["error"]) == ("RuntimeError", "") and "secret" not in str(first)


@pytest.mark.django_db(transaction=True)
def test_it_is_asked_for_by_page_and_api_and_runs_on_its_schedule(
    owner: User, api_key: Callable[..., str], client: Client
) -> None:
    scheduling.keep_schedules()
    client.force_login(owner)
    assert "No report yet" in client.get("/enrichment/maintenance/").text
    assert client.post("/enrichment/maintenance/", {"action": "look"}).status_code == 302
    headers = {"Authorization": f"Bearer {api_key(owner, ('admin',))}"}
    path, body = "/api/v1/maintenance", {"dry_run": False}
    refused = client.post(path, body, content_type="application/json", headers=headers)
    assert refused.status_code == 409, "one is waiting"
    assert scheduling.run_schedules() == 1
    asked = client.post(path, body, content_type="application/json", headers=headers)
    assert asked.status_code == 202 and asked.json()["state"] == "waiting"
    scheduling.run_schedules()
    report = client.get(asked["Location"], headers=headers).json()
    assert report["state"] == "done" and len(report["findings"]) == len(maintenance.CHECKS)
    page = client.get("/enrichment/maintenance/").text
    assert "What it did" in page and "Only looked" in page


@pytest.mark.django_db
def test_it_is_for_who_looks_after_the_server(other: User, api_key: Callable[..., str], client: Client) -> None:
    client.force_login(other)
    assert client.get("/enrichment/maintenance/").status_code == 403
    headers = {"Authorization": f"Bearer {api_key(other, ('memories:*',))}"}
    assert client.get("/api/v1/maintenance", headers=headers).status_code == 403
