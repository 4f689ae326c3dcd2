"""Search through its public face: what was captured is found, by words at once and by meaning once indexed."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.filters import MemoryFilter
from memories.models import Memory, SearchEntry
from memories.retrieval import SearchRequest, related, search
from memories.services.capture import capture_memories, capture_memory
from memories.services.lifecycle import archive_memory, delete_memory, empty_trash
from memories.services.revising import By, Change, edit_memory
from memshadow.lib.errors import ValidationFailed

pytestmark = pytest.mark.django_db


def remember(owner: User, *texts: str, **fields: object) -> list[Memory]:
    drafts = [MemoryDraft(content=text, **fields) for text in texts]  # type: ignore[arg-type]
    return [captured.memory for captured in capture_memories(owner=owner, drafts=drafts)]


def found(owner: User, query: str, **options: object) -> list[str]:
    result = search(SearchRequest(owner=owner, query=query, **options))  # type: ignore[arg-type]
    return [hit.memory.content for hit in result.hits]


def test_words_are_found_before_any_worker_ran(owner: User) -> None:
    remember(owner, "The hazelnut allergy of my daughter is severe.", "Buy milk.")
    assert found(owner, "hazelnut") == ["The hazelnut allergy of my daughter is severe."]


def test_meaning_is_found_once_indexed(owner: User, index_all: Callable[[], int]) -> None:
    remember(owner, "My daughter must not eat hazelnuts.", "The car needs new tyres.", "Berlin was cold.")
    assert index_all() == 3
    assert found(owner, "vehicle maintenance")[0] == "The car needs new tyres."


def test_search_never_sees_another_owner(owner: User, other: User, index_all: Callable[[], int]) -> None:
    remember(owner, "The vault code is 4711.")
    remember(other, "Bob keeps bees.")
    index_all()
    assert found(other, "vault code") == ["Bob keeps bees."]
    assert "Bob keeps bees." not in found(owner, "bees")


def test_phrases_must_occur_and_excluded_words_must_not(owner: User) -> None:
    remember(owner, "The state of the art in search.", "The art of the state.", "State of the art, but slow.")
    assert set(found(owner, '"state of the art"')) == {
        "The state of the art in search.",
        "State of the art, but slow.",
    }
    assert found(owner, '"state of the art" -slow') == ["The state of the art in search."]


def test_filters_narrow(owner: User, index_all: Callable[[], int]) -> None:
    remember(owner, "A note on tea.", tags=("drinks",))
    remember(owner, "A note on coffee.", tags=("drinks", "work"), source="cli")
    index_all()
    assert set(found(owner, "note", wanted=MemoryFilter(tags_any=("drinks",)))) == {
        "A note on tea.",
        "A note on coffee.",
    }
    assert found(owner, "note", wanted=MemoryFilter(tags_all=("Drinks", "work"))) == ["A note on coffee."]
    assert found(owner, "note", wanted=MemoryFilter(sources=("cli",))) == ["A note on coffee."]
    assert found(owner, "note", wanted=MemoryFilter(tags_any=("unknown",))) == []


def test_archived_edited_and_erased_memories_follow_their_state(owner: User, index_all: Callable[[], int]) -> None:
    first, second = remember(owner, "The zebra enclosure opens at nine.", "The giraffe eats leaves.")
    index_all()
    archive_memory(owner=owner, memory_id=first.id, by=By(owner))
    assert "zebra" not in " ".join(found(owner, "zebra"))
    assert found(owner, "zebra", wanted=MemoryFilter(states=("archived",))) == [first.content]
    edit_memory(owner=owner, memory_id=second.id, change=Change(content="The okapi eats leaves."), by=By(owner))
    assert found(owner, "okapi", limit=1) == ["The okapi eats leaves."]
    assert index_all() == 1
    delete_memory(owner=owner, memory_id=second.id, by=By(owner))
    assert empty_trash(owner=owner, by=owner) == 1
    assert found(owner, "okapi leaves", wanted=MemoryFilter(states=("active", "archived", "deleted"))) == [
        first.content
    ]


def test_pages_do_not_overlap_and_reach_everything(owner: User, index_all: Callable[[], int]) -> None:
    remember(owner, *(f"Meeting minutes number {n}." for n in range(25)))
    index_all()
    seen, cursor = [], None
    while True:
        result = search(SearchRequest(owner=owner, query="meeting minutes", limit=7, cursor=cursor))
        seen += [hit.memory.id for hit in result.hits]
        cursor = result.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 25


def test_threshold_and_explanation(owner: User, index_all: Callable[[], int]) -> None:
    remember(owner, "My sister Anna plays the violin.", "Quarterly tax forms are due in May.")
    index_all()
    result = search(SearchRequest(owner=owner, query="Anna violin", threshold=0.5, explain=True))
    assert [hit.memory.content for hit in result.hits] == ["My sister Anna plays the violin."]
    why = result.hits[0].explanation
    assert why is not None
    assert why.ranks == {"vector": 1, "lexical": 1}
    assert why.signals[0].name == "meaning"
    assert why.signals[0].value > 0.5


def test_snippets_mark_the_words_and_escape_the_rest(owner: User) -> None:
    remember(owner, "<script>alert(1)</script> and the hazelnut cake")
    hit = search(SearchRequest(owner=owner, query="hazelnuts")).hits[0]
    assert "<mark>hazelnut</mark>" in hit.snippet.html
    assert "<script>" not in hit.snippet.html


def test_a_long_document_shows_the_chunk_that_answers(owner: User, index_all: Callable[[], int]) -> None:
    filler = "The committee discussed the budget at length. " * 200
    capture_memory(
        owner=owner,
        draft=MemoryDraft(content=f"{filler}\n\nThe hint is the purple elephant.\n\n{filler}", kind="document"),
    )
    index_all()
    hit = search(SearchRequest(owner=owner, query="purple elephant")).hits[0]
    assert "purple elephant" in hit.snippet.text


def test_related_memories_are_near_in_meaning(owner: User, index_all: Callable[[], int]) -> None:
    first, second, _ = remember(owner, "I love hiking in the Alps.", "Mountain walks make me happy.", "The tax form.")
    index_all()
    assert related(owner, first)[0][0].id == second.id


@pytest.mark.parametrize(("query", "options"), [("", {}), ("x", {"limit": 0}), ("x", {"threshold": 2.0})])
def test_a_bad_request_is_refused(owner: User, query: str, options: dict[str, object]) -> None:
    with pytest.raises(ValidationFailed):
        found(owner, query, **options)


def test_both_plans_find_the_same(
    owner: User, other: User, index_all: Callable[[], int], settings: LazySettings
) -> None:
    remember(owner, *(f"Note {n} about {topic}." for n in range(20) for topic in ("bees", "ships", "tax")))
    remember(other, *(f"Bob's note {n} about bees." for n in range(20)))
    index_all()
    exact = search(SearchRequest(owner=owner, query="insects that make honey", limit=10))
    settings.RETRIEVAL_EXACT_ROW_US = 1e9
    approximate = search(SearchRequest(owner=owner, query="insects that make honey", limit=10))
    assert (exact.plan, approximate.plan) == ("exact", "hnsw")
    assert [hit.memory.id for hit in approximate.hits] == [hit.memory.id for hit in exact.hits]
    assert all("bees" in hit.memory.content for hit in exact.hits)


def test_the_index_is_rebuilt_from_the_memories(owner: User, other: User, index_all: Callable[[], int]) -> None:
    remember(owner, "My car needs new tyres.", "Berlin was cold.")
    remember(other, "Bob keeps bees.")
    index_all()
    SearchEntry.objects.filter(owner_id=owner.id).update(lexemes=None, embedding=None)
    assert "My car" not in " ".join(found(owner, "tyres"))
    call_command("reindex", "--owner", owner.email, stdout=StringIO())
    assert found(owner, "vehicle maintenance")[0] == "My car needs new tyres."
    assert SearchEntry.objects.filter(owner_id=owner.id).count() == 2
    assert SearchEntry.objects.filter(owner_id=other.id).count() == 1
    with pytest.raises(CommandError):
        call_command("reindex", "--owner", "nobody@example.org")


def test_search_costs_a_constant_number_of_queries(
    owner: User, index_all: Callable[[], int], django_assert_num_queries: Callable[..., object]
) -> None:
    remember(owner, *(f"Note {n} about gardens." for n in range(5)), tags=("garden",))
    index_all()
    found(owner, "gardens")
    with django_assert_num_queries(6):  # type: ignore[attr-defined]
        found(owner, "gardens", limit=5)
    remember(owner, *(f"Another note {n} about gardens." for n in range(40)), tags=("garden",))
    with django_assert_num_queries(6):  # type: ignore[attr-defined]
        found(owner, "gardens", limit=40)
