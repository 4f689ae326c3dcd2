"""Suggestions in the search box: what is offered where the caret stands, from whose things, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import User
from memories import suggesting
from memories.drafts import ConversationRef, MemoryDraft
from memories.services.capture import capture_memories
from memories.services.saved_searches import note_use, save_search
from memories.suggesting import Suggestion, complete
from personas.services import create_persona
from tests.api_client import ApiClient


@pytest.fixture(autouse=True)
def fresh(db: None) -> Iterator[None]:
    suggesting._read.clear()
    yield
    suggesting._read.clear()


@pytest.fixture
def library(owner: User, other: User) -> None:
    create_persona(owner=owner, name="Work")
    chat = ConversationRef(external_id="c", title="Wine and walks")
    drafts = [
        MemoryDraft("one", tags=("wine", "red wine", "house")),
        MemoryDraft("two", kind="turn", author="Wilma Berg", conversation=chat, source="import:claude"),
        MemoryDraft("three", source="extension:claude"),
    ]
    capture_memories(owner=owner, drafts=drafts)
    capture_memories(owner=other, drafts=[MemoryDraft("x", tags=("wizard",), author="Will")])
    save_search(owner=owner, name="Winter trips", query="trip tag:winter")


def labels(found: list[Suggestion]) -> list[str]:
    return [suggestion.label for suggestion in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["Winter trips", "tag:", "kind:", "from:", "by:", "role:", "persona:", "in:"]),
        ("ta", ["tag:"]),
        ("roof be", ["before:", "Wilma Berg"]),
        ("tag:", ["house", "red wine", "wine"]),
        ("tag:w", ["red wine", "wine"]),
        ("tag:house,w", ["red wine", "wine"]),
        ('tag:"red w', ["red wine"]),
        ("-tag:h", ["house"]),
        ("label:h", ["house"]),
        ("from:", ["api", "claude"]),
        ("by:w", ["Wilma Berg"]),
        ("persona:", ["Work"]),
        ("in:wal", ["Wine and walks"]),
        ("kind:f", ["fact"]),
        ("role:", ["user", "assistant", "system", "tool"]),
        ("is:p", ["pinned"]),
        ("after:t", ["today"]),
        ("wi", ["Winter trips", "wine", "red wine", "Wilma Berg"]),
        ("win", ["Winter trips", "wine", "red wine", "Wine and walks"]),
        ("nothing like it ", []),
        ('"tag:', []),
    ],
)
def test_what_is_offered(owner: User, library: None, text: str, expected: list[str]) -> None:
    assert sorted(labels(complete(owner, text))) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "cursor", "becomes"),
    [
        ("roof tag:red", None, 'roof tag:"red wine" |'),
        ("roof tag:hou plans", 11, "roof tag:house |plans"),
        ("tag:wine,hou", None, "tag:wine,house |"),
        ("roof -ta", None, "roof -tag:|"),
        ("Wilm", None, 'by:"Wilma Berg" |'),
        ("Winter", None, "trip tag:winter|"),
        ("in:“wine a", None, 'in:"Wine and walks" |'),
    ],
)
def test_what_the_box_becomes(owner: User, library: None, text: str, cursor: int | None, becomes: str) -> None:
    chosen = complete(owner, text, cursor)[0]
    assert chosen.text[: chosen.cursor] + "|" + chosen.text[chosen.cursor :] == becomes


def test_the_last_used_search_comes_first(owner: User, library: None) -> None:
    note_use(save_search(owner=owner, name="Winning", query="won"))
    assert labels(complete(owner, "win"))[:2] == ["Winning", "Winter trips"]


def test_the_api_suggests(owner: User, library: None) -> None:
    items = ApiClient(owner).get("/search/suggestions", q="roof tag:h").json()["items"]
    assert items == [{"kind": "tag", "label": "house", "detail": "", "text": "roof tag:house ", "cursor": 15}]
    assert ApiClient(owner).get("/search/suggestions", q="x", colour="red").status_code == 422


def test_keystrokes_share_what_was_read(
    owner: User, library: None, django_assert_num_queries: Callable[[int], Any]
) -> None:
    complete(owner, "win")
    with django_assert_num_queries(0):
        complete(owner, "wind")
    capture_memories(owner=owner, drafts=[MemoryDraft("new", tags=("window",))])
    assert labels(complete(owner, "tag:wind")) == ["window"]
    assert labels(complete(owner, "wind")) == ["window"]
    suggesting.forget(owner.id)
    assert not suggesting._read
