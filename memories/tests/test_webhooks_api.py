"""Webhooks from the API to the receiver: what is told, signed, tried again, given up, replayed and kept in bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from accounts.models import AuditEvent, User
from memories.models import Memory, Webhook, WebhookDelivery
from memories.services.webhook_sending import KEPT, PAUSES, prune_deliveries
from memories.services.webhooks import tell_of_new
from memories.tasks import deliver_webhooks, run_imports, tidy
from memories.tests.webhook_receiver import Receiver, receiving
from memshadow.lib.clock import now
from tests.api_client import ApiClient

ALL = ["memory.created", "memory.updated", "memory.superseded", "memory.deleted", "import.finished"]


@pytest.fixture
def api(owner: User) -> ApiClient:
    return ApiClient(owner, ("*",))


@pytest.fixture
def receiver(settings: Settings) -> Iterator[tuple[Receiver, str]]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with receiving() as both:
        yield both


def made(api: ApiClient, url: str, events: list[str] = ALL) -> Any:
    response = api.post("/webhooks", {"url": url, "events": events})
    assert response.status_code == 201, response.content
    return response.json()


def later(**past: float) -> None:
    """As if that much time had passed for all messages."""
    for row in WebhookDelivery.objects.all():
        row.due_at -= timedelta(**past)
        row.save()


def test_each_change_of_a_memory_is_told_in_order_signed_and_without_its_text(
    api: ApiClient, receiver: tuple[Receiver, str]
) -> None:
    heard, url = receiver
    hook = made(api, url)
    ids = [api.post("/memories", {"content": f"Hazelnuts {n}"}).json()["id"] for n in range(2)]
    assert api.post("/memories", {"content": "Hazelnuts 0"}).status_code == 200, "seen again is nothing new"
    api.patch(f"/memories/{ids[0]}", {"content": "Walnuts"})
    api.post("/memories/merge", {"keep_id": ids[0], "other_ids": [ids[1]]})
    api.delete(f"/memories/{ids[0]}")
    assert deliver_webhooks() == 6 and deliver_webhooks() == 0
    told = [(e["type"], e["data"]["memory_id"], e["data"].get("action")) for e in heard.events]
    assert sorted(told, key=str) == sorted(
        [
            ("memory.created", ids[0], None),
            ("memory.created", ids[1], None),
            ("memory.updated", ids[0], "edited"),
            ("memory.updated", ids[0], "merged"),
            ("memory.superseded", ids[1], "superseded"),
            ("memory.deleted", ids[0], "deleted"),
        ],
        key=str,
    )
    assert heard.verified(hook["secret"]) and not heard.verified("whsec_" + "A" * 44)
    assert "nuts" not in str(heard.got) and "secret" not in api.get(f"/webhooks/{hook['id']}").json()
    listed = api.get(f"/webhooks/{hook['id']}/deliveries", limit=4).json()
    assert {(d["state"], d["status"], d["attempts"]) for d in listed["items"]} == {("delivered", 204, 1)}
    assert listed["next_cursor"] and Webhook.objects.get().failing_since is None


def test_only_what_was_asked_for_of_ones_own_is_told(
    api: ApiClient, other: User, receiver: tuple[Receiver, str]
) -> None:
    made(api, receiver[1], ["memory.deleted"])
    key = api.post("/memories", {"content": "Mine"}).json()["id"]
    theirs = ApiClient(other)
    theirs.delete(f"/memories/{theirs.post('/memories', {'content': 'Theirs'}).json()['id']}")
    assert not WebhookDelivery.objects.exists()
    api.delete(f"/memories/{key}")
    assert deliver_webhooks() == 1 and receiver[0].events[0]["data"]["memory_id"] == key


def test_nothing_is_told_of_what_did_not_happen(
    api: ApiClient, receiver: tuple[Receiver, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made(api, receiver[1])
    told: list[int] = []

    def told_and_failed(owner_id: UUID, memories: list[Memory]) -> None:
        tell_of_new(owner_id, memories)
        told.append(WebhookDelivery.objects.count())
        raise RuntimeError

    monkeypatch.setattr("memories.services.capture.tell_of_new", told_and_failed)
    assert api.post("/memories", {"content": "Lost"}).status_code == 500
    assert (told, Memory.objects.count(), WebhookDelivery.objects.count()) == ([1], 0, 0)


def test_an_import_is_told_once_and_its_memories_are_not(
    api: ApiClient, receiver: tuple[Receiver, str], settings: Settings, tmp_path: Path
) -> None:
    settings.UPLOADS_DIR = tmp_path
    made(api, receiver[1])
    lines = "\n".join(json.dumps({"role": "user", "content": f"Line {n}"}) for n in range(3))
    file = SimpleUploadedFile("chat.jsonl", lines.encode())
    job = api.client.post("/api/v1/imports", {"file": file}).json()
    run_imports()
    assert deliver_webhooks() == 1
    (event,) = receiver[0].events
    assert (event["type"], event["data"]["import_id"], event["data"]["state"]) == ("import.finished", job["id"], "done")
    assert event["data"]["imported"] == 3


@pytest.mark.parametrize("status", [500, 302, 404, 0])
def test_a_message_that_does_not_arrive_is_tried_again_until_it_is_given_up(
    api: ApiClient, receiver: tuple[Receiver, str], status: int
) -> None:
    heard, url = receiver
    heard.status = status
    hook = made(api, url)
    api.post("/memories", {"content": "One"})
    for attempt, pause in enumerate((*PAUSES, None), start=1):
        assert deliver_webhooks() == 0 and len(heard.got) == attempt
        row = WebhookDelivery.objects.get()
        assert row.attempts == attempt and row.status == (status or None) and row.trouble
        if pause is not None:
            assert timedelta() < pause - (row.due_at - now()) < timedelta(minutes=1) and row.state == "pending"
            later(seconds=pause.total_seconds() + 1)
    assert row.state == "failed" and deliver_webhooks() == 0
    assert api.get(f"/webhooks/{hook['id']}").json()["failing_since"] is not None

    heard.status = 200
    replayed = api.post(f"/webhook-deliveries/{row.id}/replay").json()
    assert (replayed["state"], replayed["attempts"], replayed["trouble"]) == ("pending", 0, "")
    assert deliver_webhooks() == 1 and len({headers["webhook-id"] for headers, _ in heard.got}) == 1
    assert api.get(f"/webhooks/{hook['id']}").json()["failing_since"] is None


def test_a_dead_address_keeps_no_other_waiting_and_is_asked_once_a_sweep(
    api: ApiClient, receiver: tuple[Receiver, str]
) -> None:
    heard, url = receiver
    made(api, "http://127.0.0.1:1/nobody", ["memory.created"])
    made(api, url, ["memory.created"])
    for n in range(3):
        api.post("/memories", {"content": f"Number {n}"})
    assert deliver_webhooks() == 3 and len(heard.got) == 3
    waiting = WebhookDelivery.objects.filter(state="pending")
    assert sorted(waiting.values_list("attempts", flat=True)) == [0, 0, 1]


def test_an_address_that_answers_nothing_for_days_is_switched_off_and_on_again(
    api: ApiClient, receiver: tuple[Receiver, str]
) -> None:
    heard, url = receiver
    heard.status = 500
    hook = made(api, url)
    api.post("/memories", {"content": "One"})
    Webhook.objects.update(failing_since=now() - timedelta(days=6))
    deliver_webhooks()
    assert api.get(f"/webhooks/{hook['id']}").json()["is_active"] is False
    assert AuditEvent.objects.filter(action="webhook.stopped").count() == 1
    later(days=1)
    assert deliver_webhooks() == 0 and len(heard.got) == 1
    assert api.post(f"/webhooks/{hook['id']}/test").status_code == 409
    heard.status = 200
    api.patch(f"/webhooks/{hook['id']}", {"is_active": True})
    assert deliver_webhooks() == 1 and api.post(f"/webhooks/{hook['id']}/test").status_code == 202
    assert deliver_webhooks() == 1 and heard.events[-1]["type"] == "webhook.test"


def test_a_killed_workers_message_is_sent_by_the_next(
    api: ApiClient, receiver: tuple[Receiver, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made(api, receiver[1])
    api.post("/memories", {"content": "One"})
    with monkeypatch.context() as killed:
        killed.setattr("memories.services.webhook_sending._sent", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            deliver_webhooks()
    assert deliver_webhooks() == 0, "its claim still holds"
    later(minutes=6)
    assert deliver_webhooks() == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "http://1.1.1.1/",
        "ftp://1.1.1.1/",
        "https://user:pw@1.1.1.1/",
        "https://nothing.invalid/",
        "no address",
        "https://1.1.1.1:x/",
        "https://1.1.1.1/\n",
        "https://1.1.1.1/" + "a" * 1000,
    ],
)
def test_an_address_that_may_not_be_asked_is_refused(api: ApiClient, settings: Settings, url: str) -> None:
    settings.OUTBOUND_ALLOW = []
    response = api.post("/webhooks", {"url": url, "events": ALL})
    expected = 201 if url == "https://1.1.1.1/\n" else 422
    assert response.status_code == expected and Webhook.objects.count() == (expected == 201)


def test_a_name_that_moves_into_the_private_network_is_not_followed(
    api: ApiClient, receiver: tuple[Receiver, str], settings: Settings
) -> None:
    heard, url = receiver
    made(api, url)
    settings.OUTBOUND_ALLOW = []
    api.post("/memories", {"content": "One"})
    assert deliver_webhooks() == 0 and heard.got == []
    assert "no public address" in WebhookDelivery.objects.get().trouble


def test_bounds_and_tidying(api: ApiClient, receiver: tuple[Receiver, str]) -> None:
    assert api.post("/webhooks", {"url": receiver[1], "events": ["memory.read"]}).status_code == 422
    assert api.post("/webhooks", {"url": receiver[1], "events": []}).status_code == 422
    hooks = [made(api, receiver[1], ["memory.created"]) for _ in range(20)]
    assert api.post("/webhooks", {"url": receiver[1], "events": ALL}).status_code == 422
    for hook in hooks[1:]:
        assert api.delete(f"/webhooks/{hook['id']}").status_code == 204
    api.post("/memories", {"content": "One"})
    deliver_webhooks()
    assert prune_deliveries() == 0
    WebhookDelivery.objects.update(ended_at=now() - KEPT - timedelta(minutes=1))
    tidy()
    assert not WebhookDelivery.objects.exists()
