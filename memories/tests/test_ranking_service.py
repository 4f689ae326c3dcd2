"""What moves a memory up: each signal of the ranking, tried through the public search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from accounts.models import User
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import IndexSize, Lexeme, Memory, SearchEntry
from memories.retrieval import SearchRequest, search
from memories.services.capture import capture_memories
from memories.services.lifecycle import delete_memory, empty_trash
from memories.services.revising import By, Change, edit_memory
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def turns(owner: User, *said: tuple[str, str], chat: str = "chat", at: datetime | None = None) -> list[Memory]:
    """Turns of one conversation, (author, text) in order, a minute apart."""
    begun = at or datetime(2024, 5, 3, 10, tzinfo=UTC)
    drafts = [
        MemoryDraft(
            content=text,
            kind="turn",
            author=author,
            conversation=ConversationRef(external_id=chat),
            occurred_at=begun + timedelta(minutes=number),
        )
        for number, (author, text) in enumerate(said)
    ]
    return [captured.memory for captured in capture_memories(owner=owner, drafts=drafts)]


def notes(owner: User, *texts: str, **more: object) -> list[Memory]:
    drafts = [MemoryDraft(content=text, **more) for text in texts]  # type: ignore[arg-type]
    return [captured.memory for captured in capture_memories(owner=owner, drafts=drafts)]


def contents(owner: User, query: str, **more: object) -> list[str]:
    return [hit.memory.content for hit in search(SearchRequest(owner, query, **more)).hits]  # type: ignore[arg-type]


def signals(owner: User, query: str, content: str, **more: object) -> dict[str, float]:
    """The signals of one hit by name."""
    hits = search(SearchRequest(owner, query, explain=True, **more)).hits  # type: ignore[arg-type]
    why = next(hit.explanation for hit in hits if hit.memory.content == content)
    assert why is not None
    return {signal.name: signal.value for signal in why.signals}


def test_what_the_named_person_said_comes_before_what_was_said_to_them(
    owner: User, index_all: Callable[[], int]
) -> None:
    turns(owner, ("Bruno", "Anna, did you paint the fence green?"), ("Anna", "I painted a lake at sunset."))
    index_all()
    result = search(SearchRequest(owner, "What did Anna paint?"))
    assert result.hits[0].memory.author == "Anna"
    assert result.understood == ("said by Anna",)
    assert contents(owner, "What did Anna paint?", weights={"author": -5.0})[0].startswith("Anna, did")


def test_the_user_wrote_it_unless_the_assistant_is_asked_for(owner: User, index_all: Callable[[], int]) -> None:
    mine, reply = "I want to learn a song on the guitar.", "Learn the song Blackbird on the guitar."
    turns(owner, ("user", mine), ("Claude", reply))
    index_all()
    assert [memory.role for memory in Memory.objects.order_by("id")] == ["user", "assistant"]
    assert signals(owner, "Which song do I want to learn?", mine)["author"] == 1
    assert "author" not in signals(owner, "Which song do I want to learn?", reply)
    assert signals(owner, "Which song did you recommend to me?", reply)["author"] == 1


def test_an_answer_is_found_by_the_question_before_it(owner: User, index_all: Callable[[], int]) -> None:
    turns(owner, ("Bruno", "What is the name of your new puppy?"), ("Anna", "Biscuit!"), ("Bruno", "Lovely."))
    turns(owner, ("Anna", "Crackers!"), chat="other")
    index_all()
    found = signals(owner, "name of the puppy", "Biscuit!")
    assert found["before_meaning"] > 0.3 and found["before_words"] > 0.3
    order = contents(owner, "name of the puppy")
    assert order.index("Biscuit!") < order.index("Crackers!")


def test_dates_of_the_question_meet_those_of_memories(owner: User, index_all: Callable[[], int]) -> None:
    notes(owner, "Went hiking in the hills.", occurred_at=datetime(2024, 5, 20, tzinfo=UTC))
    notes(owner, "Hiking in the hills again.", occurred_at=datetime(2024, 9, 20, tzinfo=UTC))
    index_all()
    asked = datetime(2024, 10, 1, tzinfo=UTC)
    assert contents(owner, "hiking in May 2024", at=asked)[0] == "Went hiking in the hills."
    assert contents(owner, "hiking in September", at=asked)[0] == "Hiking in the hills again."
    assert search(SearchRequest(owner, "hiking in May 2024", at=asked)).arms["time"] == 1


def test_a_time_that_hangs_on_an_event_is_looked_up(owner: User, index_all: Callable[[], int]) -> None:
    notes(owner, "My birthday is on 12 May.", occurred_at=datetime(2023, 1, 5, tzinfo=UTC))
    notes(owner, "Bought a bicycle.", occurred_at=datetime(2024, 4, 28, tzinfo=UTC))
    notes(owner, "Bought a bicycle helmet.", occurred_at=datetime(2024, 8, 2, tzinfo=UTC))
    index_all()
    result = search(
        SearchRequest(
            owner, "What did I buy two weeks before my birthday?", at=datetime(2024, 9, 1, tzinfo=UTC), explain=True
        )
    )
    found = [hit.memory.content for hit in result.hits]
    assert found.index("Bought a bicycle.") < found.index("Bought a bicycle helmet.")
    assert "about two weeks before my birthday" in result.understood
    assert result.arms["time"] == 1


def test_a_quoted_title_in_a_question_goes_first_and_hides_no_answer(owner: User, index_all: Callable[[], int]) -> None:
    title, answer = 'I just finished the novel "Becoming Nicole".', "It taught me to accept myself."
    turns(
        owner, ("Bruno", "I liked a novel, it was about becoming someone, Nicole."), ("Anna", title), ("Anna", answer)
    )
    index_all()
    found = contents(owner, 'What did Anna take away from the novel "Becoming Nicole"?')
    assert found[0] == title and answer in found
    assert signals(owner, 'What of "Becoming Nicole"?', title)["phrase"] == 1
    assert contents(owner, 'Anna "Becoming Nicole"') == [title], "without a question mark it is a condition"


def test_words_met_by_the_turn_before_count_for_the_answer(owner: User, index_all: Callable[[], int]) -> None:
    question = "When does the ferry to the island leave?"
    turns(owner, ("Bruno", question), ("Anna", "At seven."))
    turns(owner, ("Bruno", "When do we eat?"), ("Anna", "At eight."), chat="other")
    index_all()
    near = signals(owner, "ferry to the island", "At seven.")["late_interaction"]
    assert near > signals(owner, "ferry to the island", "At eight.").get("late_interaction", 0.0) + 0.1


def test_rare_words_weigh_more_than_common_ones(owner: User, index_all: Callable[[], int]) -> None:
    notes(owner, *(f"The garden has plant number {n}." for n in range(30)), "The zucchini is ripe.")
    index_all()
    only_words = {"meaning": 0.0, "late_interaction": 0.0, "recency": 0.0}
    assert contents(owner, "zucchini garden", weights=only_words)[0] == "The zucchini is ripe."


def test_statistics_follow_every_change(owner: User, index_all: Callable[[], int]) -> None:
    first, second = notes(owner, "alpha beta", "alpha gamma")
    assert not IndexSize.objects.exists(), "counted before it has vectors"
    index_all()
    assert IndexSize.objects.get().chunks == 2
    edit_memory(owner=owner, memory_id=second.id, change=Change(content="alpha delta epsilon"), by=By(owner))
    index_all()
    delete_memory(owner=owner, memory_id=first.id, by=By(owner))
    empty_trash(owner=owner, by=owner)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(lexeme_count), sum(cardinality(tsvector_to_array(lexemes))) FROM memories_searchentry"
        )
        lexemes, terms = cursor.fetchone()
    size = IndexSize.objects.get()
    assert (size.chunks, size.lexemes) == (1, lexemes)
    assert sum(Lexeme.objects.values_list("chunks", flat=True)) == terms == Lexeme.objects.count()


def test_recency_pins_and_importance(owner: User, index_all: Callable[[], int]) -> None:
    at = now()
    notes(owner, "The router password was changed.", occurred_at=at - 400 * DAY)
    notes(owner, "The router password is changed.", occurred_at=at)
    index_all()
    assert signals(owner, "router password", "The router password is changed.")["recency"] > 0.99
    old = signals(owner, "router password", "The router password was changed.", recency_half_life_days=400.0)
    assert 0.45 < old["recency"] < 0.55
    assert "recency" not in signals(
        owner, "router password", "The router password is changed.", recency_half_life_days=0.0
    )
    Memory.objects.filter(owner=owner).update(pinned=True, importance=1.0)
    SearchEntry.objects.filter(owner_id=owner.id).update(pinned=True, importance=1.0)
    assert signals(owner, "router password", "The router password was changed.")["importance"] == 0.5


def test_near_duplicates_collapse_unless_told_otherwise(owner: User, index_all: Callable[[], int]) -> None:
    text = "Our flight to Lisbon leaves at nine from gate twelve on the third of June"
    notes(owner, text + ".", text + "!!", "Lisbon has trams.")
    index_all()
    assert len(contents(owner, "flight to Lisbon")) == 2
    assert len(contents(owner, "flight to Lisbon", collapse=False)) == 3


def test_diversity_brings_another_subject_forward(owner: User, index_all: Callable[[], int]) -> None:
    notes(owner, *(f"Budget plan for marketing, version {n}, with advertising costs." for n in ("one", "two", "three")))
    notes(owner, "The budget of the kitchen is spent.")
    index_all()
    weights = {"recency": 0.0}
    assert contents(owner, "marketing budget plan", weights=weights)[-1].startswith("The budget of the kitchen")
    assert contents(owner, "marketing budget plan", weights=weights, diversity=0.8)[1].startswith("The budget of")


def test_as_of_shows_what_was_known_then(owner: User, index_all: Callable[[], int]) -> None:
    (memory,) = notes(owner, "We live in Hamburg.")
    index_all()
    then = now()
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="We live in Berlin."), by=By(owner))
    notes(owner, "We live near a park.")
    index_all()
    assert contents(owner, "where do we live", as_of=then) == ["We live in Hamburg."]
    assert "We live in Berlin." in contents(owner, "where do we live")


def test_a_long_document_is_found_by_the_right_part(owner: User, index_all: Callable[[], int]) -> None:
    pages = [f"Chapter {n}. " + "The weather was fair and the sea was calm all day long. " * 30 for n in range(40)]
    pages[27] += "The treasure is buried under the lighthouse of Skagen. "
    notes(owner, "\n\n".join(pages), kind="document")
    index_all()
    hit = search(SearchRequest(owner, "where is the treasure buried", explain=True)).hits[0]
    assert "lighthouse of Skagen" in hit.snippet.text
    assert hit.explanation is not None and hit.explanation.chunk > 20


@pytest.mark.parametrize(
    "wrong",
    [{"arms": ("smell",)}, {"weights": {"smell": 1.0}}, {"weights": {"meaning": 99.0}}, {"diversity": 1.5}],
)
def test_what_cannot_be_asked_is_refused(owner: User, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        search(SearchRequest(owner, "tea", **wrong))  # type: ignore[arg-type]
    assert refused.value.details["field"] in wrong


def test_scores_say_when_nothing_answers(owner: User, index_all: Callable[[], int]) -> None:
    turns(owner, ("Anna", "I painted a lake at sunset."), ("Bruno", "I ran a marathon in Berlin."))
    index_all()
    asked = {
        q: search(SearchRequest(owner, q)).hits[0].score for q in ("What did Anna paint?", "What did Bruno paint?")
    }
    right, somebody_else = asked.values()
    assert right > 0.4 and somebody_else < 0.8 * right
    assert search(SearchRequest(owner, "How do I file for divorce in Ohio?")).hits[0].score < 0.1
    assert contents(owner, "How do I file for divorce in Ohio?", threshold=0.3) == []


def test_scores_are_probabilities_in_the_order_of_the_hits(owner: User, index_all: Callable[[], int]) -> None:
    notes(owner, *(f"Note {n} about tea, rain and the number {n * n}." for n in range(20)))
    index_all()
    scores = [hit.score for hit in search(SearchRequest(owner, "tea and rain", collapse=False, limit=20)).hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert np.isfinite(scores).all()
