"""What goes into the audit trail, with which request, whatever way it was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.audit.chain import fingerprint_of
from accounts.models import AuditEvent, Role, User
from conftest import PASSWORD
from memories.drafts import MemoryDraft
from memories.services.capture import capture_memory
from tests.api_client import ApiClient

FROM: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.7", "HTTP_USER_AGENT": "Firefox/1"}


def newest(action: str) -> AuditEvent:
    return AuditEvent.objects.select_related("actor").filter(action=action).latest("position")


def sign_in(email: str, password: str) -> Any:
    return Client(**FROM).post(reverse("accounts:login"), {"username": email, "password": password})


def test_a_sign_in_is_recorded_with_its_request(owner: User) -> None:
    response = sign_in(owner.email, PASSWORD)
    event = newest("account.signed_in")
    assert (event.actor, event.object_id, event.result) == (owner, str(owner.pk), "ok")
    assert (event.address, event.agent) == ("203.0.113.7", "Firefox/1")
    assert event.request_id == response["X-Request-ID"]


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_a_failed_sign_in_is_recorded_without_what_was_typed(owner: User, email: str) -> None:
    sign_in(email.upper(), "wrong")
    event = newest("account.sign_in_failed")
    assert (event.actor, event.result, event.address) == (None, "failed", "203.0.113.7")
    assert event.object_id == (str(owner.pk) if email == owner.email else "")
    assert event.email_fingerprint == fingerprint_of(email)
    assert "example.org" not in str(AuditEvent.objects.filter(pk=event.pk).values().get())


def test_a_sign_out_is_recorded_once(owner: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(owner)
    client.post(reverse("accounts:logout"))
    client.post(reverse("accounts:logout"))
    assert AuditEvent.objects.filter(action="account.signed_out", actor=owner).count() == 1


def test_a_strangers_forwarded_address_is_not_recorded(owner: User) -> None:
    client = Client(HTTP_X_FORWARDED_FOR="198.51.100.9", **FROM)
    client.post(reverse("accounts:login"), {"username": owner.email, "password": "wrong"})
    assert newest("account.sign_in_failed").address == "203.0.113.7"


def test_erasing_and_exporting_are_recorded(owner: User) -> None:
    api = ApiClient(owner, ("read", "write", "admin"))
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="x")).memory
    api.delete(f"/memories/{memory.id}")
    assert api.delete("/trash").json() == {"erased": 1}
    assert newest("memory.erased").details == {"count": 1}
    assert api.delete("/trash").json() == {"erased": 0}
    assert AuditEvent.objects.filter(action="memory.erased").count() == 1
    b"".join(api.get("/exports/csv").streaming_content)
    assert newest("export.downloaded").details["format"] == "csv"


def test_a_look_at_someone_elses_memory_is_recorded(owner: User, other: User) -> None:
    memory = capture_memory(owner=other, draft=MemoryDraft(content="theirs")).memory
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True, role=Role.OWNER)
    client = Client(**FROM)
    client.force_login(User.objects.get(pk=owner.pk))
    assert client.get(reverse("admin:memories_memory_change", args=[memory.id])).status_code == 200
    event = newest("content.read")
    assert (event.actor, event.object_id, event.address) == (owner, str(memory.id), "203.0.113.7")
    assert event.details == {"owner": str(other.pk)}
