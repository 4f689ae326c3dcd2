"""Topics are found, keep their ids and what people corrected, take in new memories, and are one owner's alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from enrichment.models import Cluster, Placement, StepPause, Topic, TopicRun
from enrichment.services import regrouping
from enrichment.services.correcting_topics import hide_topic, merge_topics, rename_topic, undo_topic_change
from enrichment.services.grouping import group_memories
from enrichment.services.placing import place_new
from enrichment.tests.talking import EVERYTHING, GARDEN, MONEY, RUNNING, grouped, labels, remember, topic_about
from enrichment.topic_selectors import counted_topics, neighbours_of, topics_of
from memories.models import Memory, State
from memories.services.lifecycle import delete_memory, empty_trash
from memories.services.revising import By, Change, edit_memory

pytestmark = pytest.mark.django_db

MORE = (
    "The pumpkins in the raised beds grow over the path.",
    "Watered the garden and the tomatoes twice in this heat.",
    "Bought seeds for the garden: spinach, peas and kale.",
)


@pytest.fixture(autouse=True)
def no_pipeline(settings: Any) -> None:
    """Labels without spaCy, which other tests load."""
    settings.SPACY_PIPELINES = {}


def test_what_is_said_of_one_thing_is_one_topic_with_a_telling_name(owner: User) -> None:
    rows = grouped(owner)
    thirds = [rows[:10], rows[10:20], rows[20:]]
    topics = [topic_about(owner, third) for third in thirds]
    assert len({topic.id for topic in topics}) == 3
    for topic, third in zip(topics, thirds, strict=True):
        found = topics_of(owner, [row.id for row in third])
        assert sum(one.id == topic.id for one, _ in found.values()) >= 7
    assert "garden" in topics[0].label.casefold() and "beds" in topics[0].label
    assert any(word in topics[1].label.casefold() for word in ("bank", "mortgage", "tax"))
    assert Placement.objects.filter(owner=owner, x__range=(0, 1), y__range=(0, 1)).count() == len(rows)
    assert all(0 < near <= 1 for _, near in topics_of(owner, [row.id for row in rows]).values())


def test_topics_keep_their_ids_and_names_from_run_to_run(owner: User) -> None:
    rows = grouped(owner)
    before = {row.topic.id: row.topic.label for row in counted_topics(owner)}
    clusters = set(Cluster.objects.values_list("id", flat=True))
    remember(owner, MORE)
    group_memories(owner_id=owner.id)
    assert {row.topic.id: row.topic.label for row in counted_topics(owner)} == before
    assert set(Cluster.objects.values_list("id", flat=True)) == clusters
    assert counted_topics(owner)[0].topic.id == topic_about(owner, rows[:10]).id


def test_a_new_memory_finds_its_topic_before_the_next_run(owner: User) -> None:
    rows = grouped(owner)
    garden, run = topic_about(owner, rows[:10]), TopicRun.objects.get(owner=owner)
    new = remember(owner, [MORE[0], "The orchestra plays Mahler's ninth symphony in the concert hall tonight."])
    assert place_new() == 2 and place_new() == 0
    found = topics_of(owner, [row.id for row in new])
    assert found[new[0].id][0].id == garden.id and new[1].id not in found
    assert Placement.objects.filter(memory__in=new).count() == 2
    assert TopicRun.objects.get(owner=owner).grouped_at == run.grouped_at


def test_an_edited_memory_is_placed_again(owner: User, index_all: Callable[[], int]) -> None:
    rows = grouped(owner)
    money = topic_about(owner, rows[10:20])
    change = Change(content="The bank asks for the mortgage papers and the interest rate went up.")
    edit_memory(owner=owner, memory_id=rows[0].id, change=change, by=By(owner))
    index_all()
    assert place_new() == 1
    assert topics_of(owner, [rows[0].id])[rows[0].id][0].id == money.id


def test_what_a_person_corrected_holds_when_memories_are_grouped_again(owner: User) -> None:
    rows = grouped(owner)
    garden, money, running = (topic_about(owner, rows[at : at + 10]) for at in (0, 10, 20))
    rename_topic(owner=owner, topic=garden, label="  My   garden ")
    merge = merge_topics(owner=owner, into=garden, others=[money])
    hide_topic(owner=owner, topic=running)
    remember(owner, MORE)
    group_memories(owner_id=owner.id)
    assert labels(owner) == ["My garden"]
    assert counted_topics(owner)[0].memories >= 20
    assert [row.topic.id for row in counted_topics(owner, hidden=True)] == [running.id]
    undo_topic_change(owner=owner, change=merge)
    assert {row.topic.id for row in counted_topics(owner)} == {garden.id, money.id}
    assert money.id in {topic.id for topic, _ in neighbours_of(owner, garden)} | {money.id}


def test_a_topic_that_was_corrected_comes_back_with_its_name(owner: User) -> None:
    rows = grouped(owner)
    rename_topic(owner=owner, topic=topic_about(owner, rows[20:]), label="Marathon")
    Memory.objects.filter(id__in=[row.id for row in rows[20:]]).update(state=State.ARCHIVED)
    group_memories(owner_id=owner.id)
    assert "Marathon" not in labels(owner)
    Memory.objects.filter(id__in=[row.id for row in rows[20:]]).update(state=State.ACTIVE)
    group_memories(owner_id=owner.id)
    assert "Marathon" in labels(owner)


def test_what_nothing_is_about_any_more_is_forgotten(owner: User) -> None:
    rows = grouped(owner)
    gone = topic_about(owner, rows[20:])
    for row in rows[20:]:
        delete_memory(owner=owner, memory_id=row.id, by=By(owner))
    empty_trash(owner=owner, by=owner)
    assert not Placement.objects.filter(memory__in=[row.id for row in rows[20:]]).exists()
    group_memories(owner_id=owner.id)
    assert not Topic.objects.filter(id=gone.id).exists()


def test_what_a_killed_run_left_is_cleared_away(owner: User, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    left, other = tmp_path / f"topics-{owner.id}-abc", tmp_path / "topics-somebody"
    for folder in (left, other):
        folder.mkdir()
        (folder / "raw").write_bytes(b"vectors")
    grouped(owner)
    assert [one.name for one in tmp_path.glob("topics-*")] == [other.name]


def test_owners_are_grouped_apart(owner: User, other: User) -> None:
    grouped(owner, [*GARDEN, *MONEY])
    theirs = grouped(other, [*RUNNING, *MONEY])
    assert not any("garden" in label.casefold() for label in labels(other))
    assert set(topics_of(owner, [row.id for row in theirs])) == set()
    group_memories(owner_id=owner.id)
    assert {row.topic.owner_id for row in counted_topics(other)} == {other.id}


def test_who_has_half_as_many_memories_again_is_grouped_at_once(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regrouping, "group_apart", lambda *options: call_command("topics", *options, verbosity=0))
    few = remember(owner, GARDEN)
    assert regrouping.keep_up() == 0 and not TopicRun.objects.exists()
    remember(owner, MONEY)
    assert regrouping.keep_up() == 1 and TopicRun.objects.get().memories == len(few) + len(MONEY)
    StepPause.objects.create(step="", since=timezone.now())
    remember(owner, RUNNING)
    assert regrouping.keep_up() == 0
    StepPause.objects.all().delete()
    assert regrouping.keep_up() == len(RUNNING) + 1 and TopicRun.objects.get().memories == len(EVERYTHING)
    assert regrouping.keep_up() == 0
