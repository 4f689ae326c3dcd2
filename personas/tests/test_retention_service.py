"""Retention: a rule is previewed, moves what is past its time, and never erases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.models import Memory, MemoryRevision
from memories.services.capture import capture_memory
from memories.services.retaining import apply_retention
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed
from personas.models import Persona
from personas.services import create_persona, set_retention
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def persona(owner: User) -> Persona:
    """A persona with an old, an old pinned and a new memory, beside an old one of no persona."""
    made = create_persona(owner=owner, name="Work")
    for text, pinned, persona_id in (("old", False, made.id), ("kept", True, made.id), ("none", False, None)):
        draft = MemoryDraft(content=text, pinned=pinned, persona_id=persona_id)
        memory = capture_memory(owner=owner, draft=draft).memory
        Memory.objects.filter(id=memory.id).update(created_at=now() - timedelta(days=40))
    capture_memory(owner=owner, draft=MemoryDraft(content="new", persona_id=made.id))
    return made


def states() -> dict[str, str]:
    return {memory.content: memory.state for memory in Memory.objects.all()}


def test_without_a_rule_nothing_moves(persona: Persona) -> None:
    assert apply_retention() == 0 and set(states().values()) == {"active"}


@pytest.mark.parametrize(("action", "state"), [("archive", "archived"), ("trash", "deleted")])
def test_what_is_past_its_time_moves_and_can_be_brought_back(persona: Persona, action: str, state: str) -> None:
    set_retention(persona=persona, days=30, action=action, by=persona.owner)
    assert apply_retention() == 1 and apply_retention() == 0
    assert states() == {"old": state, "kept": "active", "none": "active", "new": "active"}
    revision = MemoryRevision.objects.get()
    assert (revision.via, revision.actor) == ("retention", None) and "30 days" in revision.reason


def test_a_rule_is_checked(persona: Persona) -> None:
    with pytest.raises(ValidationFailed):
        set_retention(persona=persona, days=0, action="archive", by=persona.owner)
    with pytest.raises(ValidationFailed):
        set_retention(persona=persona, days=3, action="erase", by=persona.owner)


def test_the_page_says_how_many_before_it_keeps_the_rule(
    persona: Persona, owner: User, client_for: Callable[[User], Client]
) -> None:
    browser, url = client_for(owner), f"/personas/{persona.id}/"
    rule = {"action": "retention", "retention_days": "30", "retention_action": "trash"}
    assert "Tonight that would be 1 memory" in browser.post(url, rule).content.decode()
    assert Persona.objects.get().retention_days is None
    browser.post(url, rule | {"confirmed": "1"})
    assert (Persona.objects.get().retention_days, Persona.objects.get().retention_action) == (30, "trash")
    browser.post(url, {"action": "retention", "retention_days": "", "retention_action": "trash"})
    assert Persona.objects.get().retention_days is None


def test_the_api_previews_and_keeps_it(persona: Persona, owner: User) -> None:
    api = ApiClient(owner)
    assert api.get(f"/personas/{persona.id}/retention", days=30).json() == {"count": 1}
    changed = api.patch(f"/personas/{persona.id}", {"retention_days": 30}).json()
    assert (changed["retention_days"], changed["retention_action"], changed["name"]) == (30, "archive", "Work")
    assert api.patch(f"/personas/{persona.id}", {"retention_days": None}).json()["retention_days"] is None
