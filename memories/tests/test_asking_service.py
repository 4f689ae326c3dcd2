"""Asking in the search box's language, with the owner's own names for things."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from memories.asking import ask
from memories.drafts import ConversationRef, MemoryDraft
from memories.filters import MemoryFilter
from memories.retrieval import SearchRequest, SearchResult
from memories.services.capture import capture_memories
from memshadow.lib.errors import ValidationFailed
from personas.services import create_persona

START = datetime(2025, 2, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def library(owner: User, other: User, index_all: Callable[[], int]) -> None:
    work = create_persona(owner=owner, name="Work")
    chat = ConversationRef(external_id="c", title="Trip to “Rome”")
    drafts = [
        MemoryDraft("the roof is of slate", tags=("House",), occurred_at=START),
        MemoryDraft("the roof leaks", kind="fact", tags=("house", "urgent"), persona_id=work.id, source="cli"),
        MemoryDraft("roof terrace", "turn", "user", author="Anna Berg", conversation=chat, source="import:claude"),
        MemoryDraft("flat roof", author="Annabel", source="extension:claude", occurred_at=START + timedelta(days=40)),
    ]  # fmt: skip
    capture_memories(owner=owner, drafts=drafts)
    capture_memories(owner=other, drafts=[MemoryDraft("a roof of theirs", tags=("theirs",), author="Theo")])
    index_all()


def asked(owner: User, query: str, **more: object) -> SearchResult:
    page = more.pop("page", 1)
    return ask(SearchRequest(owner, query, **more), page=page).result  # type: ignore[arg-type]


def texts(result: SearchResult) -> set[str]:
    return {hit.memory.content for hit in result.hits}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("roof tag:house", {"the roof is of slate", "the roof leaks"}),
        ("roof tag:house -tag:urgent", {"the roof is of slate"}),
        ("roof from:claude", {"roof terrace", "flat roof"}),
        ("roof from:import:claude", {"roof terrace"}),
        ("roof -from:claude", {"the roof is of slate", "the roof leaks"}),
        ("roof by:anna", {"roof terrace"}),
        ("roof by:Annabel", {"flat roof"}),
        ('roof by:"berg anna"', {"roof terrace"}),
        ("roof -by:anna kind:turn,note", {"the roof is of slate", "flat roof"}),
        ("roof persona:work", {"the roof leaks"}),
        ("roof -persona:work role:user", {"roof terrace"}),
        ('roof in:"trip to"', {"roof terrace"}),
        ("roof in:“Rome”", {"roof terrace"}),
        ("roof on:2025-02", {"the roof is of slate"}),
        ("roof on:2025", {"the roof is of slate", "flat roof"}),
        ('"flat roof" tag:house,urgent', set()),
        ("-from:claude kind:note", {"the roof is of slate"}),
        ("tag:house", {"the roof is of slate", "the roof leaks"}),
    ],
)
def test_filters_narrow_to_the_owners_own_things(owner: User, query: str, found: set[str]) -> None:
    assert texts(asked(owner, query)) == found


@pytest.mark.parametrize(
    ("query", "notice"),
    [
        ("roof tag:hose", "You have no tag “hose”. Did you mean tag:House?"),
        ("roof tag:theirs", "You have no tag “theirs”."),
        ("roof from:claud", "You have no memory from “claud”. Did you mean from:claude?"),
        ("roof persona:wrk", "You have no persona “wrk”. Did you mean persona:Work?"),
        ("roof by:theo", "You have no memory by “theo”."),
        ("roof by:Anabel", "Did you mean by:Annabel?"),
        ("roof in:Paris", "You have no conversation with “Paris” in its title."),
    ],
)
def test_what_the_owner_does_not_have_is_said(owner: User, query: str, notice: str) -> None:
    result = asked(owner, query)
    assert result.hits == []
    assert notice in result.understood[0]
    assert "Theo" not in result.understood[0]


def test_a_mistake_is_refused_with_its_place(owner: User) -> None:
    with pytest.raises(ValidationFailed, match="before: needs a date") as caught:
        asked(owner, "roof before:2025-33")
    assert caught.value.details["field"] == "q"
    assert caught.value.details["problems"][0] | {"message": ""} == {  # type: ignore[index]
        "message": "",
        "start": 5,
        "end": 19,
        "replacement": "",
    }


def test_the_filter_beside_the_query_narrows_too(owner: User) -> None:
    assert texts(asked(owner, "roof kind:note,fact", wanted=MemoryFilter(kinds=("fact",)))) == {"the roof leaks"}
    assert texts(asked(owner, "roof kind:note", wanted=MemoryFilter(kinds=("fact",)))) == set()
    assert texts(asked(owner, "roof is:pinned", wanted=MemoryFilter(pinned=False))) == set()
    assert texts(asked(owner, "roof before:2025-02-02", wanted=MemoryFilter(before=START + timedelta(days=90)))) == {
        "the roof is of slate"
    }
    with pytest.raises(ValidationFailed, match="not in both"):
        asked(owner, "tag:a,b", wanted=MemoryFilter(tags_any=("c",)))


def test_filters_alone_list_the_newest_first_in_pages(owner: User) -> None:
    everything = asked(owner, "-tag:none")
    moments = [hit.memory.occurred_at for hit in everything.hits]
    assert len(moments) == 4 and moments == sorted(moments, reverse=True)
    first, second = asked(owner, "-tag:none", limit=3), asked(owner, "-tag:none", limit=3, page=2)
    assert [h.memory.id for h in (*first.hits, *second.hits)] == [h.memory.id for h in everything.hits]
    by_cursor = asked(owner, "-tag:none", limit=3, cursor=first.next_cursor)
    assert texts(by_cursor) == texts(second) and second.next_cursor is None
    assert asked(owner, "-tag:none", as_of=START).hits == []


def test_pages_of_a_search_meet(owner: User) -> None:
    ordered = [hit.memory.id for hit in asked(owner, "roof").hits]
    pages = [[hit.memory.id for hit in asked(owner, "roof", limit=3, page=page).hits] for page in (1, 2, 3)]
    assert pages == [ordered[:3], ordered[3:], []]
    with pytest.raises(ValidationFailed, match="page lies between 1 and 4"):
        asked(owner, "roof", limit=50, page=5)


def test_plain_text_holds_no_filters(owner: User) -> None:
    result = ask(SearchRequest(owner, "roof before:2025-33 tga:x"), plain=True).result
    assert len(result.hits) == 4
