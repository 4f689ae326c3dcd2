"""Feedback as rows: one verdict a memory and question, what use says, what was passed over, and the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.feedback_rules import memory_signals, terms_of
from memories.models import Feedback, Memory, Retrieval, Verdict
from memories.retrieval import SearchRequest, search
from memories.services.capture import capture_memories
from memories.services.feedback import (
    forget_typing,
    give_feedback,
    log_retrieval,
    note_use,
    prune_retrievals,
    take_back,
)
from memories.services.lifecycle import set_pinned
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound, PermissionRefused, ValidationFailed

pytestmark = pytest.mark.django_db


@pytest.fixture
def memories(owner: User) -> list[Memory]:
    """Five memories that all hold the word 'garden'."""
    drafts = [MemoryDraft(content=f"A garden with {what}.") for what in ("roses", "beans", "bees", "gnomes", "moles")]
    return [captured.memory for captured in capture_memories(owner=owner, drafts=drafts)]


def ask(owner: User, question: str, via: str = "api") -> Retrieval:
    """Search and log, as a face does."""
    request = SearchRequest(owner=owner, query=question)
    log_retrieval(owner=owner, request=request, result=search(request), via=via)
    return Retrieval.objects.filter(owner=owner).latest("id")


def signals(owner: User, memories: list[Memory], question: str = "") -> dict[UUID, float]:
    return memory_signals(owner.id, [m.id for m in memories], terms_of(owner.id, question) if question else [])


def test_the_log_keeps_the_question_sealed_and_the_answer_in_order(owner: User, memories: list[Memory]) -> None:
    request = SearchRequest(owner=owner, query="Garden gnomes?")
    result = search(request)
    retrieval_id = log_retrieval(owner=owner, request=request, result=result, via="mcp")
    row = Retrieval.objects.get()
    assert row.id == retrieval_id
    assert row.question == "Garden gnomes?" and b"gnomes" not in bytes(row.question_sealed)
    assert row.memory_ids == [hit.memory.id for hit in result.hits]
    assert (row.hit_count, row.via, row.plan) == (5, "mcp", "exact")
    assert row.scores[0] == round(row.top_score * 1000)


def test_logging_is_one_insert(
    owner: User, memories: list[Memory], django_assert_num_queries: Callable[[int], Any]
) -> None:
    request = SearchRequest(owner=owner, query="garden")
    result = search(request)
    with django_assert_num_queries(1):
        log_retrieval(owner=owner, request=request, result=result, via="api")


def test_a_log_that_is_off_keeps_nothing(owner: User, settings: LazySettings) -> None:
    settings.RETRIEVAL_LOG = False
    request = SearchRequest(owner=owner, query="garden")
    assert log_retrieval(owner=owner, request=request, result=search(request), via="api") is None
    assert not Retrieval.objects.exists()


def test_changing_ones_mind_replaces_the_verdict(owner: User, memories: list[Memory]) -> None:
    asked = ask(owner, "garden")
    give_feedback(owner=owner, memory_id=memories[0].id, verdict="useful", retrieval_id=asked.id)
    again = ask(owner, "  GARDEN ")
    give_feedback(owner=owner, memory_id=memories[0].id, verdict="not_useful", retrieval_id=again.id)
    row = Feedback.objects.get(memory=memories[0])
    assert (row.verdict, row.retrieval_id, row.question) == ("not_useful", again.id, "  GARDEN ")


def test_a_useful_answer_says_that_those_above_it_were_passed_over(owner: User, memories: list[Memory]) -> None:
    asked = ask(owner, "garden")
    third = asked.memory_ids[2]
    useful = give_feedback(owner=owner, memory_id=third, verdict="useful", retrieval_id=asked.id)
    passed = Feedback.objects.filter(verdict=Verdict.PASSED, implicit=True)
    assert {row.memory_id for row in passed} == set(asked.memory_ids[:2])
    take_back(owner=owner, feedback_id=useful.id)
    assert not Feedback.objects.exists()


def test_the_log_says_whether_an_answer_helped(owner: User, memories: list[Memory]) -> None:
    def outcome(row: Retrieval) -> tuple[bool | None, bool]:
        row.refresh_from_db()
        return row.helped, row.used

    first, again = ask(owner, "garden"), ask(owner, "garden")
    for asked in (first, again):
        assert outcome(asked) == (None, False)
        give_feedback(owner=owner, memory_id=memories[0].id, verdict="not_useful", retrieval_id=asked.id)
        note_use(owner=owner, retrieval_id=asked.id, memory_id=memories[1].id, how="opened")
        assert outcome(asked) == (False, True)
    said = give_feedback(owner=owner, memory_id=memories[2].id, verdict="useful", retrieval_id=again.id)
    assert (outcome(first), outcome(again)) == ((False, True), (True, True))
    take_back(owner=owner, feedback_id=said.id)
    assert outcome(again)[0] is None


def test_use_is_a_small_vote_that_never_overrules_a_word(owner: User, memories: list[Memory]) -> None:
    asked = ask(owner, "garden")
    first, second = asked.memory_ids[:2]
    note_use(owner=owner, retrieval_id=asked.id, memory_id=first, how="opened")
    give_feedback(owner=owner, memory_id=second, verdict="not_useful", retrieval_id=asked.id)
    note_use(owner=owner, retrieval_id=asked.id, memory_id=second, how="copied")
    assert Feedback.objects.get(memory_id=first).how == "opened"
    assert Feedback.objects.get(memory_id=second).verdict == "not_useful"
    seen = signals(owner, memories)[first]
    give_feedback(owner=owner, memory_id=first, verdict="useful", retrieval_id=asked.id)
    assert 0 < seen < signals(owner, memories)[first]


def test_use_with_a_stale_or_foreign_id_is_ignored(owner: User, other: User, memories: list[Memory]) -> None:
    asked = ask(owner, "garden")
    assert note_use(owner=owner, retrieval_id=uuid4(), memory_id=memories[0].id, how="opened") is None
    assert note_use(owner=other, retrieval_id=asked.id, memory_id=memories[0].id, how="opened") is None
    assert not Feedback.objects.exists()


def test_what_is_not_the_owners_does_not_exist(owner: User, other: User, viewer: User, memories: list[Memory]) -> None:
    asked = ask(owner, "garden")
    with pytest.raises(NotFound):
        give_feedback(owner=other, memory_id=memories[0].id, verdict="useful")
    mine = capture_memories(owner=other, drafts=[MemoryDraft(content="Bob's garden.")])[0].memory
    with pytest.raises(NotFound):
        give_feedback(owner=other, memory_id=mine.id, verdict="useful", retrieval_id=asked.id)
    with pytest.raises(PermissionRefused):
        give_feedback(owner=viewer, memory_id=memories[0].id, verdict="useful")
    with pytest.raises(ValidationFailed):
        give_feedback(owner=owner, memory_id=memories[0].id, verdict="passed")
    assert not Feedback.objects.exists()


def test_similar_questions_weigh_more_than_others(owner: User, memories: list[Memory]) -> None:
    asked = ask(owner, "who keeps bees behind the house")
    give_feedback(owner=owner, memory_id=memories[2].id, verdict="useful", retrieval_id=asked.id)
    same = signals(owner, memories, "Who keeps bees behind the house?")[memories[2].id]
    alike = signals(owner, memories, "keeping bees at home")[memories[2].id]
    unlike = signals(owner, memories, "tax return deadline")[memories[2].id]
    assert same > alike > unlike > 0
    assert set(signals(owner, memories, "bees")) == {memories[2].id}


def test_what_is_shown_and_never_useful_sinks_slowly_and_not_without_end(owner: User, memories: list[Memory]) -> None:
    seen = []
    for n in range(40):
        asked = ask(owner, f"garden question {'abcdefgh'[n % 8]}{n}")
        give_feedback(owner=owner, memory_id=memories[0].id, verdict="not_useful", retrieval_id=asked.id)
        seen.append(signals(owner, memories)[memories[0].id])
    assert -0.2 < seen[0] < 0
    assert all(later <= sooner for sooner, later in pairwise(seen))
    assert seen[-1] == -0.5


def test_a_flood_of_one_question_counts_once(owner: User, memories: list[Memory]) -> None:
    for _ in range(50):
        asked = ask(owner, "garden")
        give_feedback(owner=owner, memory_id=memories[0].id, verdict="not_useful", retrieval_id=asked.id)
    assert Feedback.objects.count() == 1
    assert signals(owner, memories)[memories[0].id] > -0.2


def test_a_pinned_memory_is_never_pushed_down(owner: User, memories: list[Memory]) -> None:
    set_pinned(owner=owner, memory_id=memories[0].id, pinned=True)
    for n in range(50):
        asked = ask(owner, f"garden {n}")
        for memory in memories:
            give_feedback(owner=owner, memory_id=memory.id, verdict="not_useful", retrieval_id=asked.id)
    found = signals(owner, memories, "garden 7")
    assert found[memories[0].id] == 0
    assert all(found[memory.id] < -0.5 for memory in memories[1:])


def test_someone_elses_feedback_moves_nothing(owner: User, other: User, memories: list[Memory]) -> None:
    mine = capture_memories(owner=other, drafts=[MemoryDraft(content="Bob's garden.")])[0].memory
    for n in range(20):
        asked = ask(other, f"garden {n}")
        give_feedback(owner=other, memory_id=mine.id, verdict="not_useful", retrieval_id=asked.id)
    assert signals(owner, [*memories, mine], "garden") == {}


def test_signals_cost_one_query(
    owner: User, memories: list[Memory], django_assert_num_queries: Callable[[int], Any]
) -> None:
    asked = ask(owner, "garden")
    for memory in memories:
        give_feedback(owner=owner, memory_id=memory.id, verdict="useful", retrieval_id=asked.id)
    terms = terms_of(owner.id, "garden")
    with django_assert_num_queries(1):
        assert len(memory_signals(owner.id, [m.id for m in memories], terms)) == 5
    with django_assert_num_queries(0):
        assert memory_signals(owner.id, [], terms) == {}


def test_old_questions_are_forgotten_and_verdicts_stay(
    owner: User, memories: list[Memory], settings: LazySettings
) -> None:
    asked, fresh = ask(owner, "garden"), ask(owner, "bees")
    give_feedback(owner=owner, memory_id=memories[0].id, verdict="useful", retrieval_id=asked.id)
    Retrieval.objects.filter(id=asked.id).update(asked_at=now() - timedelta(days=settings.RETRIEVAL_LOG_DAYS + 1))
    assert prune_retrievals() == 1
    assert list(Retrieval.objects.all()) == [fresh]
    row = Feedback.objects.get(memory=memories[0])
    assert row.retrieval is None and row.question == "garden"


def test_what_was_asked_while_typing_is_dropped(owner: User, other: User, memories: list[Memory]) -> None:
    for typed in ("gar", "garden", "garden gn", "garden gnomes"):
        last = ask(owner, typed, via="dashboard")
    kept = ask(owner, "bees", via="dashboard")
    foreign = ask(other, "bees and beans", via="dashboard")
    assert forget_typing() == 3
    assert set(Retrieval.objects.all()) == {last, kept, foreign}


def test_a_typed_question_that_was_answered_stays(owner: User, memories: list[Memory]) -> None:
    answered = ask(owner, "garden", via="dashboard")
    note_use(owner=owner, retrieval_id=answered.id, memory_id=memories[0].id, how="opened")
    ask(owner, "garden gnomes", via="dashboard")
    assert forget_typing() == 0


def test_erasing_a_memory_erases_what_was_said_of_it(owner: User, memories: list[Memory]) -> None:
    give_feedback(owner=owner, memory_id=memories[0].id, verdict="useful")
    memories[0].delete()
    assert not Feedback.objects.exists()
