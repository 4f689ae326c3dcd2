"""The step of entities: what a batch of memories names, and what stands in the tables afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from enrichment.entity_selectors import counted_entities
from enrichment.models import Entity, Mention
from enrichment.protocol import StepInput
from enrichment.registry import step_named
from enrichment.services.correcting import merge_entities
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from memories.services.moved_records import move_records

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 5, 13, 15, tzinfo=UTC)


def remember(owner: User, text: str, **parts: Any) -> Memory:
    return capture_memory(owner=owner, draft=MemoryDraft(content=text, occurred_at=WEDNESDAY, **parts)).memory


def run(memories: Sequence[Memory]) -> list[Any]:
    """As the pipeline does: read, then recorded, one owner at a time."""
    step = step_named("entities")
    items = [
        StepInput(m.id, m.owner_id, m.content, m.kind, m.author, m.role, m.language, m.occurred_at) for m in memories
    ]
    results = [outcome.result for outcome in step.run(items)]
    for owner_id in {memory.owner_id for memory in memories}:
        with transaction.atomic():
            step.record([pair for pair in zip(items, results, strict=True) if pair[0].owner_id == owner_id])
    return results


def names(owner: User) -> dict[str, str]:
    return {row.entity.name: row.entity.kind for row in counted_entities(owner)[0]}


def test_a_batch_of_two_owners_and_three_languages(owner: User, other: User) -> None:
    memories = [
        remember(owner, "Anna Schmidt moved to Berlin last Friday; write to anna@example.com.", language="en"),
        remember(owner, "Danke! Der Server 10.0.0.7 läuft seit gestern.", language="de"),
        remember(other, "Anna Schmidt lives in Paris.", language="en"),
        remember(other, "明日、東京で。", language="ja"),
    ]
    results = run(memories)
    assert names(owner) == {
        "Anna Schmidt": "person",
        "Berlin": "place",
        "anna@example.com": "email",
        "10.0.0.7": "ipv4",
    }
    assert names(other) == {"Anna Schmidt": "person", "Paris": "place"}
    (date,) = [one for one in results[0]["found"] if one["kind"] == "date"]
    assert (date["value"], date["starts_at"]) == ("2026-05-08", "2026-05-08T00:00:00+00:00")
    stored = Mention.objects.get(memory=memories[0], kind="date")
    assert stored.entity is None and stored.said == {"words": "last Friday", "value": "2026-05-08"}


def test_running_again_keeps_what_a_person_corrected(owner: User) -> None:
    memories = [remember(owner, "Mail anna@example.com"), remember(owner, "or a.schmidt@example.com", language="de")]
    run(memories)
    anna, schmidt = Entity.objects.filter(owner=owner).order_by("created_at")
    merge_entities(owner=owner, into=anna, others=[schmidt])
    run(memories)
    assert len(names(owner)) == 1 and {row.entity_id for row in Mention.objects.all()} == {anna.id}


def test_whoever_writes_is_known_by_name(owner: User) -> None:
    spoken = remember(owner, "I painted a lake.", kind="turn", author="Mell", language="en")
    run([spoken, remember(owner, "Mell was here", language="fr")])
    assert names(owner) == {"Mell": "person"}


def test_a_memory_that_went_meanwhile_is_left_out(owner: User) -> None:
    memory = remember(owner, "Mail anna@example.com", language="en")
    step = step_named("entities")
    item = StepInput(memory.id, owner.id, memory.content, "note", "", "", "en", WEDNESDAY)
    (outcome,) = step.run([item])
    memory.delete()
    step.record([(item, outcome.result)])
    assert not Mention.objects.exists() and not Entity.objects.exists()


def test_a_memory_that_moves_to_another_owner_leaves_its_mentions_behind(owner: User, other: User) -> None:
    memory = remember(owner, "Mail anna@example.com", language="en")
    run([memory])
    with transaction.atomic():
        move_records(source=owner, target=other, memory_ids=[memory.id], personas=[])
    assert Memory.objects.get(id=memory.id).owner == other and not Mention.objects.exists()
