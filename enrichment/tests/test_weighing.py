"""How much a memory matters: raised and lowered for reasons that are told, and faded by time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.models import Feedback, Memory
from memories.services.capture import capture_memory
from memories.services.feedback import give_feedback
from memories.services.lifecycle import set_pinned
from memshadow.lib.clock import now
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db


def noted(owner: User, *, days_ago: float = 0, **parts: Any) -> Memory:
    moment: datetime = now() - timedelta(days=days_ago)
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="Tea.", occurred_at=moment, **parts)).memory
    Memory.objects.filter(id=memory.id).update(last_seen_at=moment)
    return memory


def weighed(owner: User, memory: Memory) -> dict[str, Any]:
    found: dict[str, Any] = ApiClient(owner).get(f"/memories/{memory.id}/importance").json()
    return found


def test_what_nobody_said_anything_of_starts_in_the_middle_and_fades(owner: User) -> None:
    memory = noted(owner)
    assert weighed(owner, memory)["score"] == pytest.approx(0.5, abs=0.001)
    assert weighed(owner, memory)["reasons"] == []
    Memory.objects.update(occurred_at=now() - timedelta(days=180), last_seen_at=now() - timedelta(days=180))
    assert weighed(owner, memory)["score"] == pytest.approx(0.35, abs=0.001)
    Memory.objects.update(occurred_at=now() - timedelta(days=9000), last_seen_at=now() - timedelta(days=9000))
    assert weighed(owner, memory)["score"] == pytest.approx(0.2, abs=0.001)


def test_every_reason_is_told_with_its_effect(owner: User) -> None:
    memory = noted(owner, importance=0.75)
    set_pinned(owner=owner, memory_id=memory.id, pinned=True)
    give_feedback(owner=owner, memory_id=memory.id, verdict="useful")
    for number in range(3):
        Feedback.objects.create(
            owner=owner, memory=memory, question_key=bytes([number]), verdict="useful", implicit=True, how="opened"
        )
    found = weighed(owner, memory)
    assert {one["text"]: one["effect"] for one in found["reasons"]} == {
        "You pinned it": 0.25,
        "You marked it as important": 0.1,
        "Said to be useful (1 ×)": 0.1,
        "Opened, copied or put into a prompt (3 ×)": 0.1,
    }
    assert found["score"] == 1.0


def test_a_pin_keeps_and_use_makes_new(owner: User) -> None:
    old = noted(owner, days_ago=720)
    assert weighed(owner, old)["kept"] < 0.5
    give_feedback(owner=owner, memory_id=old.id, verdict="useful")
    assert weighed(owner, old)["kept"] == pytest.approx(1.0, abs=0.001)
    Feedback.objects.all().delete()
    set_pinned(owner=owner, memory_id=old.id, pinned=True)
    assert weighed(owner, old)["kept"] == 1.0


def test_what_was_of_no_use_matters_less(owner: User) -> None:
    memory = noted(owner)
    give_feedback(owner=owner, memory_id=memory.id, verdict="not_useful")
    assert weighed(owner, memory)["score"] == pytest.approx(0.4, abs=0.001)


def test_the_memory_page_tells_it(owner: User, client_for: Callable[[User], Client]) -> None:
    memory = noted(owner)
    page = client_for(owner).get(reverse("memories:detail", args=[memory.id])).content.decode()
    assert "How much it matters" in page and "50 of 100" in page
