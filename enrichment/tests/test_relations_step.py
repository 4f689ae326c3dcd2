"""The step of relations: what sentences state, of whom, since when, and what is no fact."""

from __future__ import annotations

import pytest

from accounts.models import User
from enrichment.models import Enrichment, Entity, EntityName, Mention, Relation
from enrichment.services.correcting import merge_entities, split_entity, undo_change
from enrichment.tasks import forget
from enrichment.tests.naming_people import entity
from enrichment.tests.stating_facts import known, read, relation, told
from memories.drafts import MemoryDraft
from memories.services.capture import capture_memory
from memories.services.lifecycle import delete_memory
from memories.services.revising import By, Change, edit_memory
from memories.services.sealing import seal_memory
from memories.tests.test_sealed_api import sealed

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna Schmidt was hired by Siemens in 2021.", ["Anna Schmidt work at Siemens 2021-01-01.."]),
        (
            "Anna works at Google and lives in Munich.",
            ["Anna live in Munich 2026-05-13..", "Anna work at Google 2026-05-13.."],
        ),
        ("My favourite colour is blue.", ["Alice favourite colour is blue 2026-05-13.."]),
        ("Tom is married to Sara.", ["Tom be married to Sara 2026-05-13.."]),
        ("Tom and Lena adopted two cats.", ["Lena adopt two cats 2026-05-13..", "Tom adopt two cats 2026-05-13.."]),
        ("I am allergic to nuts.", ["Alice be allergic to nuts 2026-05-13.."]),
        ("I never eat meat.", ["Alice not eat meat 2026-05-13.."]),
        ("I might move to Berlin.", ["Alice possible live in Berlin 2026-05-13.."]),
        ("I want to learn Spanish.", ["Alice wanted learn Spanish 2026-05-13.."]),
        ("Anna said that Tom lives in Rome.", ["Tom reported live in Rome 2026-05-13.."]),
        (
            "If I get a job, I will move to London.",
            ["Alice conditional get job 2026-05-13..", "Alice conditional live in London 2026-05-13.."],
        ),
        ("I'm moving to Oslo next month.", ["Alice planned live in Oslo 2026-06-01.."]),
        ("I've been living in Hamburg since 2019.", ["Alice live in Hamburg 2019-01-01.."]),
        ("I used to live in Paris.", ["Alice live in Paris ..2026-05-13"]),
        ("I worked at IBM until 2015.", ["Alice work at IBM ..2016-01-01"]),
        (
            "My aunt, who works for the city, has three cats.",
            ["my aunt have three cats 2026-05-13..", "my aunt work at city 2026-05-13.."],
        ),
        ("Hey Anna Schmidt, since we last spoke I went to Rome.", ["Alice go to Rome 2026-05-13.."]),
        (
            "I'm excited to meet Anna Schmidt and visit Berlin.",
            ["Alice planned meet Anna Schmidt 2026-05-13..", "Alice planned visit Berlin 2026-05-13.."],
        ),
        ("This is the cake that I made.", ["Alice make cake 2026-05-13.."]),
        ("Art brings joy. Your friends have your back. I had a great time. I do amazing things.", []),
        ("I'm so excited, it was a great day!", []),
        ("Do you like jazz? She loves it. Call Anna.", []),
        ("```\nAnna lives in Rome.\n```\n> Tom lives in Paris.", []),
    ],
)
def test_what_a_sentence_states(owner: User, text: str, expected: list[str]) -> None:
    told(owner, text)
    assert known(owner) == expected


def test_whoever_speaks_is_the_subject(owner: User) -> None:
    told(owner, "I live in Rome.", kind="turn", author="Melanie", role="user")
    told(owner, "Siemens hired me. My sister is Lena.")
    told(owner, "I live in the cloud.", kind="turn", role="assistant")
    assert known(owner) == [
        "Alice sister is Lena 2026-05-13..",
        "Alice work at Siemens 2026-05-13..",
        "Melanie live in Rome 2026-05-13..",
    ]


def test_whoever_has_no_name_is_me_until_somebody_says_who(owner: User) -> None:
    User.objects.filter(id=owner.id).update(display_name="")
    told(owner, "I like tea.")
    assert known(owner) == ["Me like tea 2026-05-13.."]
    told(owner, "Anna Schmidt lives in Bonn.")
    me = EntityName.objects.get(rule="whoever these memories are of").entity
    merge_entities(owner=owner, into=entity(owner, "Anna Schmidt"), others=[me])
    told(owner, "I like jazz.")
    assert [one.split(" 2026")[0] for one in known(owner)] == [
        "Anna Schmidt like jazz",
        "Anna Schmidt like tea",
        "Anna Schmidt live in Bonn",
    ]


def test_texts_in_other_languages_state_nothing_here(owner: User) -> None:
    told(owner, "Anna wohnt in Berlin und arbeitet bei Siemens.", language="de")
    told(owner, "Anna wohnt in Berlin.", language="und")
    assert known(owner) == []
    told(owner, "I live in Berlin.", language="und")
    assert known(owner) == ["Alice live in Berlin 2026-05-13.."]


def test_each_has_its_sentence_sealed_and_its_place(owner: User) -> None:
    memory = told(owner, "Rain. Anna Schmidt lives in Berlin. Fine.")
    row = relation(owner, "Anna Schmidt live in Berlin")
    assert memory.content[row.start : row.end] == row.said["sentence"] == "Anna Schmidt lives in Berlin."
    assert row.subject == entity(owner, "Anna Schmidt") and row.object == entity(owner, "Berlin")
    raw = str(Relation.objects.filter(id=row.id).values())
    assert not any(word in raw for word in ("Schmidt", "Berlin", "live"))
    assert bytes(row.said_sealed).find(b"Berlin") < 0


def test_read_again_it_is_the_same_row_and_learnt_when_it_was(owner: User) -> None:
    memory = told(owner, "Anna lives in Berlin. Tom likes tea.")
    before = set(Relation.objects.values_list("id", "learnt_at"))
    read([memory])
    assert set(Relation.objects.values_list("id", "learnt_at")) == before
    assert {learnt for _, learnt in before} == {memory.created_at}


def test_an_edit_ends_what_was_known_and_adds_what_is(owner: User) -> None:
    memory = told(owner, "Anna lives in Berlin. Tom likes tea.")
    first = memory.created_at
    edited = edit_memory(
        owner=owner, memory_id=memory.id, change=Change(content="Anna lives in Bonn. Tom likes tea."), by=By(owner)
    )
    read([edited])
    assert known(owner) == ["Anna live in Bonn 2026-05-13..", "Tom like tea 2026-05-13.."]
    assert known(owner, first) == ["Anna live in Berlin 2026-05-13..", "Tom like tea 2026-05-13.."]
    assert known(owner, edited.updated_at) == known(owner)


def test_facts_follow_corrections_of_entities(owner: User) -> None:
    told(owner, "Anna Schmidt lives in Berlin.")
    told(owner, "Mum likes tea.", kind="turn", author="Mum")
    anna, mum = entity(owner, "Anna Schmidt"), entity(owner, "Mum")
    change = merge_entities(owner=owner, into=anna, others=[mum])
    assert set(Relation.objects.values_list("subject", "subject_node")) == {(anna.id, anna.id)}
    undo_change(owner=owner, change=change)
    assert known(owner) == ["Anna Schmidt live in Berlin 2026-05-13..", "Mum like tea 2026-05-13.."]
    name = EntityName.objects.get(entity=anna)
    told(owner, "Anna works at Google.")
    other = EntityName.objects.filter(entity=anna).exclude(id=name.id)
    _, change = split_entity(owner=owner, entity=anna, names=[row.id for row in other])
    assert Relation.objects.filter(subject=anna).count() == 1
    undo_change(owner=owner, change=change)
    assert Relation.objects.filter(subject=anna).count() == 2


def test_the_trash_states_nothing_and_an_erased_memory_leaves_no_name(owner: User) -> None:
    memory = told(owner, "I like tea.", kind="turn", author="Melanie")
    forget()
    assert Entity.objects.filter(owner=owner).exists() and EntityName.objects.filter(owner=owner).exists()
    delete_memory(owner=owner, memory_id=memory.id, by=By(owner))
    assert known(owner) == []
    memory.delete()
    forget()
    assert not Entity.objects.filter(owner=owner).exists() and not EntityName.objects.filter(owner=owner).exists()


def test_nobody_has_another_s_facts(owner: User, other: User) -> None:
    told(owner, "Anna lives in Berlin.")
    told(other, "Anna lives in Bonn.")
    assert known(other) == ["Anna live in Bonn 2026-05-13.."]
    assert Relation.objects.filter(owner=owner).get().fact_key != Relation.objects.filter(owner=other).get().fact_key


def test_a_memory_that_went_meanwhile_is_left_out(owner: User) -> None:
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="I live in Rome.", language="en")).memory
    memory_id = memory.id
    memory.delete()
    memory.id = memory_id
    read([memory])
    assert not Relation.objects.exists()


def test_a_memory_that_its_owner_seals_states_nothing_any_more(owner: User) -> None:
    memory = told(owner, "Anna Schmidt lives in Berlin.")
    at = memory.updated_at
    seal_memory(owner=owner, memory_id=memory.id, ciphertext=sealed(), updated_at=at, given=None, by=owner)
    assert not Relation.objects.exists() and not Mention.objects.exists() and not Enrichment.objects.exists()
