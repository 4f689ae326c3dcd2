"""Names become entities by rules with reasons, whatever the order in which they come, and never across owners."""

from __future__ import annotations

from itertools import permutations

import pytest

from accounts.models import User
from enrichment.entities.naming import why_same
from enrichment.models import Entity, EntityName, Mention
from enrichment.tasks import forget
from enrichment.tests.naming_people import entity, known, meant, record_again, told

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("order", list(permutations(["Dr. Anna Schmidt", "Anna", "A. Schmidt"])))
def test_title_given_name_and_initial_are_one_person_in_any_order(owner: User, order: tuple[str, ...]) -> None:
    for name in order:
        told(owner, f"I met [{name}] today.")
    assert known(owner) == {"Dr. Anna Schmidt": ["A. Schmidt", "Anna", "Dr. Anna Schmidt"]}
    rules = {row.name: row.rule for row in EntityName.objects.filter(owner=owner)}
    assert all(rules.values()) and Mention.objects.exclude(entity=entity(owner, "Anna")).count() == 0


@pytest.mark.parametrize(
    "kind,one,other,same",
    [
        ("person", "Anna Schmidt", "Anna Berg", False),
        ("person", "A. Schmidt", "Bernd Schmidt", False),
        ("person", "Anna M. Schmidt", "Anna Maria Schmidt", True),
        ("person", "Ludwig van Beethoven", "van Beethoven", True),
        ("person", "Prof. Schmidt", "Anna Schmidt", True),
        ("person", "Anna K. Schmidt", "Anna Maria Schmidt", False),
        ("person", "Ann", "Anna Schmidt", False),
        ("organization", "Acme Inc.", "ACME", True),
        ("organization", "Siemens AG", "Siemens", True),
        ("organization", "Acme", "Acme Labs", False),
        ("place", "Berlin", "berlin", True),
        ("place", "York", "New York", False),
        ("path", "README.md", "readme.md", False),
    ],
)
def test_rules(kind: str, one: str, other: str, same: bool) -> None:
    assert bool(why_same(kind, one, other)) is same and bool(why_same(kind, other, one)) is same


def test_two_people_of_one_given_name_stay_two(owner: User) -> None:
    told(owner, "[Anna Schmidt] and [Anna Berg] came.")
    alone = told(owner, "[Anna] called.")
    assert len(known(owner)) == 3 and meant(alone) == ["Anna"]
    assert EntityName.objects.get(entity=entity(owner, "Anna")).rule == "several are called so"


def test_one_part_of_a_name_means_whoever_is_named_in_full_nearby(owner: User) -> None:
    told(owner, "[Anna] is nice, says [Anna Schmidt].")
    told(owner, "[Anna Berg] moved.", conversation="second")
    same_memory = told(owner, "[Anna Berg] called. [Anna] was late.")
    same_talk = told(owner, "[Anna] liked it.", conversation="second")
    elsewhere = told(owner, "[Anna] is away.")
    assert meant(same_memory) == ["Anna Berg", "Anna Berg"] and meant(same_talk) == ["Anna Berg"]
    assert meant(elsewhere) == ["Anna Schmidt"]
    reasons = set(Mention.objects.filter(memory__in=[same_memory, same_talk]).values_list("reason", flat=True))
    assert reasons == {"", "named in full in the same memory", "named in full in the same conversation"}


def test_what_is_seen_now_as_this_and_now_as_that_is_what_it_is_most(owner: User) -> None:
    told(owner, "Thanks [group:Caroline]!")
    told(owner, "[Caroline] and [place:Caroline], said [Caroline].")
    told(owner, "[Caroline Berg] came.")
    assert known(owner) == {"Caroline Berg": ["Caroline", "Caroline Berg"]}
    assert Entity.objects.get(owner=owner).kind == "person"


def test_owners_never_share_an_entity(owner: User, other: User) -> None:
    told(owner, "[Anna Schmidt] came.")
    told(other, "[Anna] came.")
    assert known(other) == {"Anna": ["Anna"]} and Entity.objects.count() == 2


def test_recording_again_makes_nothing_twice(owner: User) -> None:
    memory = told(owner, "[Anna] met [Ben] in [place:Berlin].")
    before = set(Entity.objects.values_list("id", flat=True))
    record_again(memory, "[Anna] met [Ben] in [place:Berlin].")
    assert set(Entity.objects.values_list("id", flat=True)) == before and Mention.objects.count() == 3


def test_what_no_memory_mentions_is_forgotten(owner: User) -> None:
    memory, kept = told(owner, "[Anna Schmidt] came."), told(owner, "[Ben] came, as [Anna] did not.")
    memory.delete()
    forget()
    assert known(owner) == {"Anna Schmidt": ["Anna"], "Ben": ["Ben"]}
    kept.delete()
    assert forget() == 2
    assert (Entity.objects.count(), EntityName.objects.count()) == (0, 0)
