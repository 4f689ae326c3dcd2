"""Facts on two clocks: what ends what, whatever comes in first, and what people say to it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from accounts.models import User
from enrichment import facts
from enrichment.models import FactVerdict, Relation
from enrichment.services.judging import keep_both, keep_newer, reject_fact, undo_verdict
from enrichment.tasks import forget
from enrichment.tests.stating_facts import known, line, read, relation, told, true
from memories.models import Memory
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict

pytestmark = pytest.mark.django_db
TOLD = [
    ("I live in Berlin.", "2024-03-01"),
    ("I moved to Hamburg.", "2025-02-01"),
    ("I still live in Berlin.", "2024-09-01"),
    ("I live in Rome.", "2026-01-01"),
]
EXPECTED = [
    "Alice live in Berlin 2024-03-01..2025-02-01",
    "Alice live in Berlin 2024-09-01..2025-02-01",
    "Alice live in Hamburg 2025-02-01..2026-01-01",
    "Alice live in Rome 2026-01-01..",
]


def test_a_newer_fact_ends_the_older_whatever_came_in_first(owner: User) -> None:
    memories = {text: told(owner, text, at) for text, at in TOLD}
    assert known(owner) == EXPECTED
    for order in list(permutations(TOLD))[::5]:
        Relation.objects.all().delete()
        for text, _ in order:
            read([memories[text]])
        assert known(owner) == EXPECTED
    assert [true(owner, day) for day in ("2024-01-01", "2024-05-01", "2025-06-01", "2026-05-01")] == [
        [],
        ["Alice live in Berlin"],
        ["Alice live in Hamburg"],
        ["Alice live in Rome"],
    ]


def test_the_reason_is_the_fact_that_ends_it(owner: User) -> None:
    for text, at in TOLD:
        told(owner, text, at)
    rows = {line(row): row for row in facts.with_reasons(facts.facts(owner), owner)}
    newer = rows["Alice live in Hamburg 2025-02-01..2026-01-01"]
    assert rows[EXPECTED[0]].ended_by == rows[EXPECTED[1]].ended_by == newer.id
    assert rows[EXPECTED[3]].ended_by is None


def test_what_was_known_then_knows_nothing_of_what_was_learnt_since(owner: User) -> None:
    memories = [told(owner, text, at) for text, at in TOLD]
    first, second = now() - timedelta(days=30), now() - timedelta(days=10)
    Relation.objects.filter(memory=memories[0]).update(learnt_at=first)
    Relation.objects.filter(memory=memories[1]).update(learnt_at=second)
    assert known(owner, first - timedelta(1)) == []
    assert known(owner, first) == ["Alice live in Berlin 2024-03-01.."]
    assert true(owner, "2026-05-01", first) == ["Alice live in Berlin"]
    assert true(owner, "2026-05-01", second) == ["Alice live in Hamburg"]
    assert true(owner, "2026-05-01") == ["Alice live in Rome"]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("I no longer work at Google.", "2026-05-01"),
        ("I don't work at Google anymore.", "2026-05-01"),
        ("I used to work at Google.", "2026-05-01"),
        ("I left Google in March.", "2026-03-01"),
        ("I do not work at Google.", ""),
        ("I might work at Siemens.", ""),
        ("Tom works at Siemens.", ""),
    ],
)
def test_the_end_of_something(owner: User, end: str, expected: str) -> None:
    told(owner, "I work at Google.", "2025-01-01")
    told(owner, end, "2026-05-01")
    assert f"Alice work at Google 2025-01-01..{expected}" in known(owner)


def test_predicates_that_may_have_many_objects_end_nothing(owner: User) -> None:
    told(owner, "I like tea.", "2025-01-01")
    told(owner, "I like coffee.", "2026-01-01")
    assert known(owner) == ["Alice like coffee 2026-01-01..", "Alice like tea 2025-01-01.."]


def test_two_of_one_day_have_no_order(owner: User) -> None:
    told(owner, "I live in Berlin.")
    told(owner, "I live in Rome.")
    assert all(one.endswith("2026-05-13..") for one in known(owner))


def test_disagreeing_holds_when_read_again_and_can_be_undone(owner: User, other: User) -> None:
    told(owner, "I live in Berlin.", "2024-03-01")
    wrong = told(owner, "I live in Rome.", "2026-01-01")
    told(other, "I live in Rome.")
    verdict = reject_fact(owner=owner, relation=relation(owner, "Rome"))
    read([wrong])
    told(owner, "Now I live in Rome.", "2026-02-01")
    assert known(owner) == ["Alice live in Berlin 2024-03-01.."] and len(known(other)) == 1
    assert "Alice live in Rome 2026-01-01.." in known(owner, verdict.at - timedelta(microseconds=1))
    undo_verdict(owner=owner, verdict=verdict)
    assert "Alice live in Berlin 2024-03-01..2026-01-01" in known(owner)
    with pytest.raises(Conflict):
        undo_verdict(owner=owner, verdict=verdict)
    assert "Rome" not in str(known(owner, verdict.at))


def test_a_person_may_say_that_both_stand(owner: User) -> None:
    told(owner, "I live in Berlin.", "2024-03-01")
    told(owner, "I live in Rome.", "2026-01-01")
    verdict = keep_both(owner=owner, older=relation(owner, "Berlin"), newer=relation(owner, "Rome"))
    read(list(Memory.objects.all()))
    assert known(owner) == ["Alice live in Berlin 2024-03-01..", "Alice live in Rome 2026-01-01.."]
    undo_verdict(owner=owner, verdict=verdict)
    assert "Alice live in Berlin 2024-03-01..2026-01-01" in known(owner)


def test_a_person_may_say_that_the_newer_counts(owner: User) -> None:
    told(owner, "I like tea.", "2024-03-01")
    told(owner, "I do not like tea.", "2026-01-01")
    likes, dislikes = relation(owner, "Alice like tea"), relation(owner, "not like tea")
    verdict = keep_newer(owner=owner, older=likes, newer=dislikes)
    read(list(Memory.objects.all()))
    assert "Alice like tea 2024-03-01..2026-01-01" in known(owner)
    row = facts.with_reasons(facts.facts(owner), owner).get(id=likes.id)
    assert row.ended_by == dislikes.id
    told(owner, "Now I like tea.", "2026-06-01")
    assert "Alice like tea 2026-06-01.." in known(owner)
    undo_verdict(owner=owner, verdict=verdict)
    assert "Alice like tea 2024-03-01.." in known(owner)


def test_what_nothing_states_any_more_is_forgotten_with_what_was_said_to_it(owner: User) -> None:
    memory = told(owner, "I live in Berlin.")
    reject_fact(owner=owner, relation=relation(owner, "Berlin"))
    forget()
    assert FactVerdict.objects.count() == 1
    memory.delete()
    forget()
    assert not FactVerdict.objects.exists()
