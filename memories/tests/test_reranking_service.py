"""Reranking through search's public face, with a scorer that the test holds in its hand."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np
import pytest
from django.conf import LazySettings

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.reranking import Passage, registry
from memories.reranking.protocol import Scores
from memories.retrieval import SearchRequest, SearchResult, search
from memories.services.capture import capture_memories
from memories.services.revising import By, Change, edit_memory
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError, Unavailable, ValidationFailed

pytestmark = pytest.mark.django_db
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Scorer:
    """A reranker that scores each passage by `key`, and remembers what it was shown."""

    name = "scorer"

    def __init__(self) -> None:
        self.key: Callable[[str], float] = lambda text: 0.0
        self.failure: MemshadowError | None = None
        self.shown: list[list[Passage]] = []

    def scores(self, question: str, passages: Sequence[Passage]) -> Scores:
        self.shown.append(list(passages))
        if self.failure:
            raise self.failure
        return np.array([self.key(passage.text) for passage in passages], np.float32)


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Scorer:
    """The server's cross-encoder."""
    made = Scorer()
    settings.RERANK_CROSS_ENCODER = "scorer"
    monkeypatch.setattr(registry, "_cross_encoder", lambda *_: made)
    return made


@pytest.fixture
def minutes(owner: User, index_all: Callable[[], int]) -> list[str]:
    """Twelve memories that rank alike for 'meeting'."""
    texts = [f"The {word} meeting was about {word} things." for word in NUMBERS]
    remember(owner, *texts)
    index_all()
    return texts


def remember(owner: User, *texts: str) -> list[Memory]:
    return [c.memory for c in capture_memories(owner=owner, drafts=[MemoryDraft(content=text) for text in texts])]


def asked(owner: User, query: str = "meeting", **options: object) -> SearchResult:
    given: dict[str, object] = {"rerank": "cross_encoder", "explain": True, "limit": 50} | options
    return search(SearchRequest(owner=owner, query=query, **given))  # type: ignore[arg-type]


def texts_of(result: SearchResult) -> list[str]:
    return [hit.memory.content for hit in result.hits]


def last_letters_first(text: str) -> float:
    return float(NUMBERS.index(text.split()[1]))


def test_the_best_come_in_the_rerankers_order_and_say_so(owner: User, minutes: list[str], scorer: Scorer) -> None:
    before = texts_of(asked(owner, rerank="none"))
    scorer.key = lambda text: 100.0 * (text == before[-1]) + 60.0 * (text == before[4])
    result = asked(owner)
    assert texts_of(result) == [before[-1], before[4], *before[:4], *before[5:-1]]
    assert result.rerank is not None
    assert (result.rerank.applied, result.rerank.hits, result.rerank.model) == (True, 12, "scorer")
    moved = [hit.explanation.rerank for hit in result.hits if hit.explanation and hit.explanation.rerank]
    assert [(m.place_before, m.score) for m in moved[:3]] == [(12, 1.0), (5, 0.6), (1, 0.0)]


def test_scores_belong_to_places_so_that_a_threshold_cuts_as_many(
    owner: User, minutes: list[str], scorer: Scorer
) -> None:
    plain = [hit.score for hit in asked(owner, rerank="none").hits]
    scorer.key = last_letters_first
    assert [hit.score for hit in asked(owner).hits] == plain
    few = texts_of(asked(owner, threshold=(plain[2] + plain[3]) / 2))
    assert few == texts_of(asked(owner))[:3] != texts_of(asked(owner, rerank="none"))[:3]


def test_where_the_reranker_sees_no_difference_the_first_ranking_stays(
    owner: User, minutes: list[str], scorer: Scorer
) -> None:
    assert texts_of(asked(owner)) == texts_of(asked(owner, rerank="none"))


def test_only_the_best_are_read_and_the_others_stay_behind_them(
    owner: User, minutes: list[str], scorer: Scorer, settings: LazySettings
) -> None:
    settings.RETRIEVAL_RERANK_DEPTH = 5
    before = texts_of(asked(owner, rerank="none"))
    scorer.key = lambda text: float(before.index(text))
    result = asked(owner)
    assert texts_of(result)[0] == before[4] and set(texts_of(result)[:5]) == set(before[:5])
    assert texts_of(result)[5:] == before[5:]
    assert [passage.text for passage in scorer.shown[-1]] == before[:5]
    assert all((hit.explanation and hit.explanation.rerank) is None for hit in result.hits[5:])


def test_pages_keep_the_order_and_the_reranker_is_asked_once(
    owner: User, minutes: list[str], scorer: Scorer, settings: LazySettings
) -> None:
    settings.RETRIEVAL_RERANK_DEPTH = 7
    scorer.key = last_letters_first
    whole = texts_of(asked(owner))
    first = asked(owner, limit=5)
    scorer.failure = Unavailable("gone")
    remember(owner, "The thirteenth meeting came in between.")
    seen, cursor = texts_of(first), first.next_cursor
    while cursor:
        page = asked(owner, limit=5, cursor=cursor)
        assert page.rerank is not None and page.rerank.applied
        seen, cursor = seen + texts_of(page), page.next_cursor
    assert [text for text in seen if "thirteenth" not in text] == whole and len(seen) == len(set(seen))
    assert len(scorer.shown) == 2
    moved = [hit.explanation.rerank for hit in asked(owner, limit=5, cursor=first.next_cursor).hits if hit.explanation]
    assert moved[0] is not None and moved[0].place_before > 0


def test_a_page_after_one_that_was_not_reranked_is_not_either(owner: User, minutes: list[str], scorer: Scorer) -> None:
    scorer.failure = Unavailable("gone")
    first = asked(owner, limit=5)
    scorer.failure, scorer.key = None, last_letters_first
    second = asked(owner, limit=50, cursor=first.next_cursor)
    assert texts_of(first) + texts_of(second) == texts_of(asked(owner, rerank="none"))
    assert second.rerank is not None and not second.rerank.applied and "page before" in second.rerank.reason


def test_a_failure_leaves_the_first_ranking_with_the_reason_and_no_content_in_the_log(
    owner: User, minutes: list[str], scorer: Scorer, caplog: pytest.LogCaptureFixture
) -> None:
    scorer.failure = Unavailable("The server said: secret meeting.", trouble="status 500")
    with caplog.at_level(logging.WARNING):
        result = asked(owner)
    assert texts_of(result) == texts_of(asked(owner, rerank="none"))
    assert result.rerank is not None
    assert (result.rerank.applied, result.rerank.hits) == (False, 0) and "secret" in result.rerank.reason
    assert "status 500" in caplog.text and "meeting" not in caplog.text


def test_of_near_duplicates_the_one_that_the_reranker_prefers_is_shown(
    owner: User, scorer: Scorer, index_all: Callable[[], int]
) -> None:
    one, other = "The roof repair will cost nine thousand.", "The roof repair will cost: nine thousand"
    green = "The garden is green."
    remember(owner, one, other, green)
    index_all()
    for liked in (one, other):
        scorer.key = lambda text, liked=liked: 5.0 * (text == green) + 1.0 * (text == liked)  # type: ignore[misc]
        assert texts_of(asked(owner, "roof repair cost")) == [green, liked]
        assert len(texts_of(asked(owner, "roof repair cost", collapse=False))) == 3


def test_variety_starts_from_the_rerankers_best(owner: User, minutes: list[str], scorer: Scorer) -> None:
    scorer.key = last_letters_first
    spread = texts_of(asked(owner, diversity=0.5))
    assert spread[0] == texts_of(asked(owner))[0] == minutes[-1] and sorted(spread) == sorted(minutes)


def test_it_costs_one_query_more_however_many_it_reads(
    owner: User, minutes: list[str], scorer: Scorer, django_assert_num_queries: Callable[..., object]
) -> None:
    asked(owner)
    with django_assert_num_queries(6):  # type: ignore[attr-defined]
        asked(owner)
    remember(owner, *(f"Minutes of meeting {n}." for n in range(30)))
    with django_assert_num_queries(6):  # type: ignore[attr-defined]
        assert len(asked(owner).hits) == 42
    assert [len(passages) for passages in scorer.shown] == [12, 12, 30]


def test_no_reranker_ever_reads_what_is_somebody_elses(
    owner: User, other: User, minutes: list[str], scorer: Scorer, index_all: Callable[[], int]
) -> None:
    remember(other, "Bob's meeting is secret.", "Bob's other meeting is secret, too.")
    index_all()
    asked(owner)
    asked(other)
    of_owner, of_other = scorer.shown
    assert sorted(passage.text for passage in of_owner) == sorted(minutes)
    assert len(of_other) == 2 and all("Bob" in passage.text for passage in of_other)


def test_it_reads_the_part_that_was_found_and_the_text_of_then(
    owner: User, scorer: Scorer, index_all: Callable[[], int]
) -> None:
    filler = "The committee discussed the budget at length. " * 200
    note, _, _ = remember(
        owner, "The elephant is pink.", f"{filler}\n\nThe hint is the purple elephant.\n\n{filler}", "Tea."
    )
    index_all()
    asked(owner, "purple elephant")
    [long] = [passage.text for passage in scorer.shown[-1] if "hint" in passage.text]
    assert len(long) < 3_000
    then = now()
    edit_memory(owner=owner, memory_id=note.id, change=Change(content="The elephant is grey."), by=By(owner))
    asked(owner, "purple elephant", as_of=then)
    assert "The elephant is pink." in [passage.text for passage in scorer.shown[-1]]
    assert asked(owner, "elephant", as_of=then - timedelta(days=1)).rerank is not None


def test_nothing_to_put_in_order_is_said(owner: User, scorer: Scorer) -> None:
    for texts, reason in (((), "no two hits"), (("A lonely meeting.",), "no two hits")):
        remember(owner, *texts)
        report = asked(owner).rerank
        assert report is not None and not report.applied and reason in report.reason
    assert scorer.shown == []
    assert asked(owner, rerank="none").rerank is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cross_encoder", "must set MEMSHADOW_RERANK_CROSS_ENCODER"),
        ("llm", "must set MEMSHADOW_RERANK_LLM_URL and MEMSHADOW_RERANK_LLM_MODEL"),
        ("magic", "cross_encoder or llm"),
    ],
)
def test_what_is_not_set_up_is_refused_with_the_settings_to_set(owner: User, name: str, message: str) -> None:
    with pytest.raises(ValidationFailed, match=message) as refused:
        asked(owner, rerank=name)
    assert refused.value.details["field"] == "rerank"
