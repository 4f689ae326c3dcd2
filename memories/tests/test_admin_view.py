"""Curation in Django admin: lists without big counts, actions through services, every look at content recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import CompositePrimaryKey
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from memories.drafts import MemoryDraft
from memories.models import Memory, SearchEntry, State
from memories.services.capture import capture_memory

pytestmark = pytest.mark.django_db
LIST = "admin:memories_memory_changelist"


@pytest.fixture
def memory(other: User) -> Memory:
    return capture_memory(owner=other, draft=MemoryDraft(content="Bob's secret plan")).memory


def allow(user: User, *codenames: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


# What proves who somebody is, and the machinery behind it: pages and commands of their own show or reset it.
KEPT_OUT = {
    "accounts.AuditChain",
    "accounts.AuditCheckpoint",
    "accounts.BackupCode",
    "accounts.BackupSheet",
    "accounts.DeviceRequest",
    "accounts.EmailChange",
    "accounts.Passkey",
    "accounts.PasswordReset",
    "accounts.RateBucket",
    "accounts.ServerKey",
    "accounts.ServerPolicy",
    "accounts.SpentCode",
    "accounts.Token",
    "accounts.TotpDevice",
}


def test_every_model_of_ours_is_registered_or_kept_out() -> None:
    ours = {
        m
        for label in ("accounts", "personas", "memories", "enrichment")
        for m in apps.get_app_config(label).get_models()
    }
    # Django's admin cannot hold composite primary keys; what has them is derived from memories anyway.
    derived = {model for model in ours if isinstance(model._meta.pk, CompositePrimaryKey)}
    assert SearchEntry in derived
    missing = {model._meta.label for model in ours - derived - set(admin.site._registry)}
    assert missing == KEPT_OUT


def test_every_list_opens(owner: User, memory: Memory, client_for: Callable[[User], Client]) -> None:
    client = client_for(owner)
    for model in admin.site._registry:
        meta = model._meta
        assert client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")).status_code == 200


def test_content_needs_the_permission(staff: User, memory: Memory, client_for: Callable[[User], Client]) -> None:
    allow(staff, "view_memory")
    page = client_for(staff).get(reverse("admin:memories_memory_change", args=[memory.id]))
    assert page.status_code == 200 and b"secret plan" not in page.content
    assert not AuditEvent.objects.filter(action="content.read").exists()


def test_every_look_at_content_is_recorded(staff: User, memory: Memory, client_for: Callable[[User], Client]) -> None:
    allow(staff, "view_memory", "read_content")
    page = client_for(staff).get(reverse("admin:memories_memory_change", args=[memory.id]))
    assert b"secret plan" in page.content
    event = AuditEvent.objects.get(action="content.read")
    assert (event.actor, event.object_id) == (staff, str(memory.id))
    assert "secret" not in str(event.details)


def test_members_do_not_get_in(other: User, memory: Memory, client_for: Callable[[User], Client]) -> None:
    assert client_for(other).get(reverse(LIST)).status_code == 302


def test_actions_go_through_the_services(owner: User, memory: Memory, client_for: Callable[[User], Client]) -> None:
    client = client_for(owner)
    client.post(reverse(LIST), {"action": "archive", "_selected_action": [memory.id]})
    archived = Memory.objects.get(id=memory.id)
    assert archived.state == State.ARCHIVED and archived.revision_count == 1
    client.post(reverse(LIST), {"action": "restore", "_selected_action": [memory.id]})
    client.post(reverse(LIST), {"action": "reindex", "_selected_action": [memory.id]})
    again = Memory.objects.get(id=memory.id)
    assert (again.state, again.index_state) == (State.ACTIVE, "pending")


def test_merging_needs_one_owner(
    owner: User, other: User, memory: Memory, client_for: Callable[[User], Client]
) -> None:
    mine = capture_memory(owner=owner, draft=MemoryDraft(content="mine")).memory
    client = client_for(owner)
    client.post(reverse(LIST), {"action": "merge", "_selected_action": [memory.id, mine.id]})
    assert set(Memory.objects.values_list("state", flat=True)) == {State.ACTIVE}
    twin = capture_memory(owner=other, draft=MemoryDraft(content="Bob's secret plan.")).memory
    client.post(reverse(LIST), {"action": "merge", "_selected_action": [memory.id, twin.id]})
    assert Memory.objects.get(id=twin.id).state == State.SUPERSEDED


def test_staff_without_the_right_cannot_curate(
    staff: User, memory: Memory, client_for: Callable[[User], Client]
) -> None:
    allow(staff, "view_memory")
    client_for(staff).post(reverse(LIST), {"action": "archive", "_selected_action": [memory.id]})
    assert Memory.objects.get(id=memory.id).state == State.ACTIVE
