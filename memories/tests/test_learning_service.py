"""Learning: what evidence teaches, when it is enough, and how a rule is explained, removed and restored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.feedback_rules import Expansion, explained, learnt_for
from memories.indexing import index_pending, queue_again
from memories.lexicon import parse_query
from memories.models import LearntRule, Memory, Retrieval, RuleEvidence
from memories.retrieval import SearchRequest, search
from memories.services.acronyms import learn_acronyms
from memories.services.capture import capture_memories
from memories.services.feedback import give_feedback, log_retrieval, note_use, take_back
from memories.services.learning import learn_from_feedback
from memories.services.lifecycle import delete_memory, empty_trash
from memories.services.refreshing import SHOWN_FOR, refresh_suspicious
from memories.services.revising import By, Change, edit_memory
from memories.services.rules import drop_unfounded, remove_rule, restore_rule
from memories.tasks import tidy
from memories.tests.lessons import taught_rule
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound, PermissionRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def memories(owner: User, index_all: Callable[[], int]) -> list[Memory]:
    """Two memories of a car among others, indexed, so that every question finds something."""
    texts = (
        "The Toyota needs new brake pads.",
        "The Toyota was parked outside all winter.",
        *(f"Shopping list number {n}: milk and bread." for n in range(10)),
    )
    captured = capture_memories(owner=owner, drafts=[MemoryDraft(content=text) for text in texts])
    index_all()
    return [c.memory for c in captured]


def ask(owner: User, question: str) -> Retrieval:
    request = SearchRequest(owner=owner, query=question)
    log_retrieval(owner=owner, request=request, result=search(request), via="dashboard")
    return Retrieval.objects.filter(owner=owner).latest("id")


def useful(owner: User, question: str, memory: Memory) -> Any:
    return give_feedback(owner=owner, memory_id=memory.id, verdict="useful", retrieval_id=ask(owner, question).id)


def expansions(owner: User, question: str) -> list[Expansion]:
    return learnt_for(owner.id, parse_query(question).terms)


def added(owner: User, question: str) -> set[str]:
    return {word for expansion in expansions(owner, question) for word in expansion.added}


def test_two_questions_that_agree_teach_a_synonym(owner: User, memories: list[Memory]) -> None:
    useful(owner, "vehicle repairs", memories[0])
    assert learn_from_feedback() == 1
    assert added(owner, "vehicle") == set()
    useful(owner, "my vehicle last year", memories[1])
    assert learn_from_feedback() == 1
    assert added(owner, "where is the vehicle") == {"toyota"}
    assert added(owner, "milk") == set()
    assert learn_from_feedback() == 0


def test_the_same_question_asked_twice_is_one_piece_of_evidence(owner: User, memories: list[Memory]) -> None:
    useful(owner, "vehicle", memories[0])
    useful(owner, "Vehicle", memories[1])
    learn_from_feedback()
    assert RuleEvidence.objects.exists()
    assert not LearntRule.objects.filter(state="active").exists()


def test_a_shared_word_teaches_nothing(owner: User, memories: list[Memory]) -> None:
    useful(owner, "toyota repairs", memories[0])
    useful(owner, "toyota vehicle", memories[1])
    learn_from_feedback()
    assert not LearntRule.objects.exists()


def test_a_question_that_failed_twice_leads_to_the_one_that_worked(owner: User, memories: list[Memory]) -> None:
    ask(owner, "automobile winter")
    ask(owner, "automobile winter")
    useful(owner, "toyota winter", memories[1])
    learn_from_feedback()
    found = expansions(owner, "automobile insurance")
    assert [(e.kind, e.given, e.added) for e in found] == [("expansion", ("automobile",), ("toyota",))]
    assert "“automobile winter” without success" in found[0].explanation
    assert "“toyota winter”" in found[0].explanation


def test_failures_teach_the_next_success_only(owner: User, memories: list[Memory]) -> None:
    ask(owner, "automobile winter")
    ask(owner, "automobile winter")
    useful(owner, "toyota winter", memories[1])
    useful(owner, "winter brake", memories[0])
    learn_from_feedback()
    assert added(owner, "automobile") == {"toyota"}


def test_a_question_that_found_nothing_gets_the_words_of_what_helped(owner: User, memories: list[Memory]) -> None:
    asked = ask(owner, "vehicle")
    Retrieval.objects.filter(id=asked.id).update(hit_count=0, memory_ids=[])
    give_feedback(owner=owner, memory_id=memories[0].id, verdict="useful", retrieval_id=asked.id)
    learn_from_feedback()
    assert "brake" in added(owner, "vehicle")


def test_one_failure_is_not_enough(owner: User, memories: list[Memory]) -> None:
    ask(owner, "automobile winter")
    useful(owner, "toyota winter", memories[1])
    learn_from_feedback()
    assert expansions(owner, "automobile") == []


def test_a_change_of_subject_is_no_reformulation(owner: User, memories: list[Memory]) -> None:
    ask(owner, "capital of Peru")
    ask(owner, "capital of Peru")
    useful(owner, "toyota winter", memories[1])
    learn_from_feedback()
    assert expansions(owner, "capital of Peru") == []


def test_use_teaches_more_slowly_than_words(owner: User, memories: list[Memory]) -> None:
    questions = ("vehicle repairs", "vehicle last year", "old vehicle", "vehicle documents")
    for n, question in enumerate(questions):
        assert added(owner, "vehicle") == set()
        asked = ask(owner, question)
        Retrieval.objects.filter(id=asked.id).update(memory_ids=[memories[n % 2].id])
        note_use(owner=owner, retrieval_id=asked.id, memory_id=memories[n % 2].id, how="opened")
        learn_from_feedback()
    assert added(owner, "vehicle") == {"toyota"}


def test_taking_feedback_back_unlearns(owner: User, memories: list[Memory]) -> None:
    first = useful(owner, "vehicle repairs", memories[0])
    useful(owner, "my vehicle last year", memories[1])
    learn_from_feedback()
    assert added(owner, "vehicle") == {"toyota"}
    take_back(owner=owner, feedback_id=first.id)
    assert added(owner, "vehicle") == set()


def test_a_removed_rule_is_not_learnt_again_and_can_be_restored(owner: User, memories: list[Memory]) -> None:
    useful(owner, "vehicle repairs", memories[0])
    useful(owner, "my vehicle last year", memories[1])
    learn_from_feedback()
    rule = LearntRule.objects.get(state="active")
    remove_rule(owner=owner, rule_id=rule.id)
    for question in ("the vehicle again", "one more vehicle"):
        useful(owner, question, memories[0])
    learn_from_feedback()
    tidy()
    assert added(owner, "vehicle") == set()
    restore_rule(owner=owner, rule_id=rule.id)
    assert added(owner, "vehicle") == {"toyota"}


def test_rules_fall_with_the_memory_that_taught_them(owner: User, memories: list[Memory]) -> None:
    kept = taught_rule(owner, memories[0].id)
    removed = taught_rule(owner, memories[1].id, given=("mm",), added=("main", "memory"))
    remove_rule(owner=owner, rule_id=removed.id)
    for memory in memories[:2]:
        delete_memory(owner=owner, memory_id=memory.id, by=By(owner))
    assert empty_trash(owner=owner, by=owner) == 2
    assert not LearntRule.objects.filter(id=kept.id).exists()
    tombstone = LearntRule.objects.get(id=removed.id)
    assert tombstone.payload == {} and tombstone.state == "removed"
    assert drop_unfounded() == 0


def test_acronyms_are_read_out_of_texts_once_they_are_indexed(owner: User, index_all: Callable[[], int]) -> None:
    draft = MemoryDraft(content="Our Service Level Objective (SLO) is three nines.")
    memory = capture_memories(owner=owner, drafts=[draft])[0].memory
    assert learn_acronyms() == 0
    index_all()
    assert learn_acronyms() == 1
    assert learn_acronyms() == 0
    assert added(owner, "the SLO") == {"Service", "Level", "Objective"}
    assert added(owner, "what service level objectives do we have") == {"SLO"}
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="Our Sales Lead Office (SLO)."), by=By(owner))
    index_all()
    assert learn_acronyms() == 1
    assert added(owner, "the SLO") == {"Sales", "Lead", "Office"}
    assert expansions(owner, "the SLO")[0].explanation.endswith("which says what the letters stand for.")


def test_a_removed_acronym_stays_removed_when_its_text_is_read_again(owner: User, index_all: Callable[[], int]) -> None:
    draft = MemoryDraft(content="Our Service Level Objective (SLO) is three nines.")
    capture_memories(owner=owner, drafts=[draft])
    index_all()
    learn_acronyms()
    rule = LearntRule.objects.get()
    remove_rule(owner=owner, rule_id=rule.id)
    queue_again(Memory.objects.filter(owner=owner))
    index_all()
    assert learn_acronyms() == 1
    tidy()
    assert expansions(owner, "the SLO") == []
    restore_rule(owner=owner, rule_id=rule.id)
    assert added(owner, "the SLO") == {"Service", "Level", "Objective"}


def test_what_turns_up_everywhere_and_never_helps_is_indexed_again(owner: User, memories: list[Memory]) -> None:
    hub = memories[0]
    Memory.objects.filter(id=hub.id).update(indexed_at=now() - timedelta(days=40))
    for n in range(SHOWN_FOR):
        asked = ask(owner, f"unrelated matter {n}")
        Retrieval.objects.filter(id=asked.id).update(memory_ids=[hub.id, memories[1].id])
    assert refresh_suspicious() == 0
    give_feedback(owner=owner, memory_id=hub.id, verdict="not_useful", retrieval_id=asked.id)
    assert refresh_suspicious() == 1
    hub.refresh_from_db()
    assert hub.index_state == "pending"
    assert index_pending() == 1
    assert refresh_suspicious() == 0


def test_an_acronym_works_both_ways_and_only_when_all_its_words_are_there(owner: User, memories: list[Memory]) -> None:
    taught_rule(owner, memories[0].id, given=("SLO",), added=("service", "level", "objective"))
    assert added(owner, "what is our slo?") == {"service", "level", "objective"}
    assert added(owner, "Service level objectives of last year") == {"SLO"}
    assert added(owner, "service level") == set()


def test_rules_are_the_owners_alone(owner: User, other: User, viewer: User, memories: list[Memory]) -> None:
    rule = taught_rule(owner, memories[0].id)
    assert expansions(other, "slo") == []
    with pytest.raises(NotFound):
        remove_rule(owner=other, rule_id=rule.id)
    with pytest.raises(PermissionRefused):
        remove_rule(owner=viewer, rule_id=rule.id)


def test_rules_are_sealed_and_explained(owner: User, memories: list[Memory]) -> None:
    useful(owner, "vehicle repairs", memories[0])
    useful(owner, "my vehicle last year", memories[1])
    learn_from_feedback()
    rule = LearntRule.objects.get(state="active")
    assert b"toyota" not in bytes(rule.payload_sealed)
    assert "marked “The Toyota needs new brake pads.” useful for “vehicle repairs”" in explained(rule)


def test_reading_rules_is_one_query(
    owner: User, memories: list[Memory], django_assert_num_queries: Callable[[int], Any]
) -> None:
    taught_rule(owner, memories[0].id)
    with django_assert_num_queries(1):
        assert len(expansions(owner, "slo")) == 1
    with django_assert_num_queries(0):
        assert learnt_for(owner.id, ()) == []


def test_search_asks_with_what_it_learnt_and_says_so(owner: User, memories: list[Memory]) -> None:
    taught_rule(owner, memories[0].id, given=("zzq",), added=("toyota", "brake"))
    request = SearchRequest(owner=owner, query="the zzq", explain=True)
    best = search(request).hits[0]
    assert best.memory.id == memories[0].id and best.explanation is not None
    assert any("what the letters stand for" in reason for reason in best.explanation.learnt)
    remove_rule(owner=owner, rule_id=LearntRule.objects.get().id)
    assert all(hit.explanation and not hit.explanation.learnt for hit in search(request).hits)


def test_a_verdict_moves_a_memory_for_its_question(owner: User, memories: list[Memory]) -> None:
    question = "what did I put on the shopping list"
    asked = ask(owner, question)
    fifth = asked.memory_ids[4]
    give_feedback(owner=owner, memory_id=fifth, verdict="useful", retrieval_id=asked.id)
    assert ask(owner, question).memory_ids[0] == fifth
    give_feedback(owner=owner, memory_id=fifth, verdict="not_useful", retrieval_id=asked.id)
    assert ask(owner, question).memory_ids.index(fifth) > 4
