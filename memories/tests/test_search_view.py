"""The search page: filters as chips, mistakes explained at the box, saved searches, similar memories."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.models import Memory, Retrieval, SavedSearch
from memories.rendering import source_label
from memories.services.capture import capture_memories
from memories.services.saved_searches import save_search

HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client], index_all: Callable[[], int]) -> Client:
    drafts = [
        MemoryDraft("The ferry leaves at nine.", tags=("travel",), source="cli"),
        MemoryDraft("A ferry is a boat.", kind="fact"),
        MemoryDraft("The boat leaves at nine in the morning."),
    ]
    capture_memories(owner=owner, drafts=drafts)
    index_all()
    return client_for(owner)


def page(client: Client, headers: dict[str, str] | None = None, **query: str) -> str:
    response = client.get(reverse("memories:search"), query, headers=headers or {})
    assert response.status_code == 200
    return unescape(response.content.decode())


def queries_of(body: str, css: str) -> list[str]:
    """The `q` of every link with this class."""
    links = re.findall(rf'<a class="{css}"\s+href="([^"]+)"', body)
    return [parse_qs(urlsplit(link).query).get("q", [""])[0] for link in links]


def test_filters_of_the_box_and_of_the_form_are_chips_that_can_be_taken_away(client: Client) -> None:
    body = page(client, q="ferry tag:travel -kind:turn after:2020", source="cli")
    assert "nine" in body and "A ferry is a boat" not in body
    assert [chip in body for chip in ("Tag travel", "Kind not turn", "Since 2020", f"From {source_label('cli')}")] == [
        True
    ] * 4
    assert queries_of(body, "chip on") == [
        "-kind:turn after:2020 ferry",
        "tag:travel after:2020 ferry",
        "tag:travel -kind:turn ferry",
        "ferry tag:travel -kind:turn after:2020",
    ]
    assert 'value="from:cli ferry tag:travel -kind:turn after:2020"' in body, "what would be saved"


def test_each_hit_says_why(client: Client) -> None:
    body = page(client, q="when does the ferry leave")
    assert body.count("data-explain") == 3 and "data-explain open" not in body
    assert "This memory " in body and "Meaning" in body and "by meaning" in body
    assert "data-explain open" in page(client, q="ferry", explain="1")


def test_a_mistake_is_explained_at_the_box_with_what_to_do(client: Client) -> None:
    body = page(client, q="ferry tga:travel before:2025-33")
    assert "before: needs a date such as 2025-03 or 2025-03-14; you wrote 2025-33" in body
    assert body.index("tga: is not a filter") < body.index("before: needs a date")
    assert queries_of(body, "chip")[:3] == [
        "ferry tag:travel before:2025-33",
        'ferry "tga:travel" before:2025-33',
        'ferry tga:travel "before:2025-33"',
    ]
    assert "data-item" not in body and not Retrieval.objects.exists()


def test_what_is_still_being_typed_is_no_mistake_yet(client: Client) -> None:
    body = page(client, HTMX["headers"], q="ferry before:20")
    assert "data-invalid" not in body and "you wrote 20" in body and "data-item" in body
    assert "data-invalid" in page(client, HTMX["headers"], q="ferry before:20 boat")


def test_words_with_a_colon_are_searched_for_and_said_to_be(client: Client) -> None:
    body = page(client, q="ferry docker:latest")
    assert "searched for as words" in body and "data-invalid" not in body and "data-item" in body
    assert "searched for as words" not in page(client, q="http://ferry.example std::ferry note: ferry")


def test_a_name_that_is_nothing_of_ones_own_is_said_with_the_right_one(client: Client) -> None:
    body = page(client, q="ferry tag:travle")
    assert "You have no tag “travle”." in body and "Nothing found with these filters" in body
    assert "tag:travel ferry" in queries_of(body, "chip")


def test_filters_alone_list_what_passes_them(client: Client) -> None:
    body = page(client, q="kind:fact")
    assert "A ferry is a boat" in body and "1 memory" in body and 'class="score"' not in body
    assert not Retrieval.objects.exists()


def test_the_log_keeps_the_words_without_the_filters(client: Client) -> None:
    page(client, q="ferry kind:fact")
    assert Retrieval.objects.get().question == "ferry"


def test_a_search_is_saved_opened_changed_and_deleted(client: Client, owner: User) -> None:
    saved_url = reverse("memories:saved_searches")
    response = client.post(saved_url, {"name": "Boats", "query": "boat kind:fact"})
    saved = SavedSearch.objects.get(owner=owner)
    assert response["Location"] == f"{reverse('memories:search')}?saved={saved.id}"
    assert saved.last_used_at is None
    body = page(client, saved=str(saved.id))
    assert 'value="boat kind:fact"' in body and "A ferry is a <mark>boat</mark>" in body
    saved.refresh_from_db()
    assert saved.last_used_at is not None
    assert "Boats" in page(client) and "Boats" in client.get(saved_url).content.decode()
    one = reverse("memories:saved_search", args=[saved.id])
    client.post(one, {"name": "Ships", "query": "ship"})
    saved.refresh_from_db()
    assert (saved.name, saved.query) == ("Ships", "ship")
    assert b"Delete it" in client.post(one, {"action": "delete"}).content and SavedSearch.objects.exists()
    client.post(one, {"action": "delete", "confirmed": "1"})
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": "x", "query": "tga:x"}, "Did you mean tag:x"),
        ({"name": "boats", "query": "x"}, "You have a saved search with this name."),
        ({"name": "", "query": "x"}, "This field is required."),
    ],
)
def test_a_bad_one_is_not_saved(client: Client, owner: User, data: dict[str, str], message: str) -> None:
    save_search(owner=owner, name="Boats", query="x")
    assert message in unescape(client.post(reverse("memories:saved_searches"), data).content.decode())
    assert SavedSearch.objects.count() == 1


def test_someone_elses_saved_search_cannot_be_opened(client: Client, other: User) -> None:
    theirs = save_search(owner=other, name="Theirs", query="secret")
    for named in (str(theirs.id), "nonsense"):
        response = client.get(reverse("memories:search"), {"saved": named})
        assert response.status_code == 404 and b"secret" not in response.content
    theirs.refresh_from_db()
    assert theirs.last_used_at is None


def test_similar_memories_come_nearest_first(client: Client) -> None:
    memory = next(m for m in Memory.objects.all() if "ferry leaves" in m.content)
    body = client.get(reverse("memories:similar", args=[memory.id])).content.decode()
    assert body.index("in the morning") < body.index("A ferry is a boat")
    assert "The ferry leaves at nine." in body.partition("memory-list")[0] and "alike" in body
    assert reverse("memories:similar", args=[memory.id]) in page(client, q="ferry")


def test_what_hardly_answers_stands_under_a_heading(client: Client, owner: User, index_all: Callable[[], int]) -> None:
    capture_memories(owner=owner, drafts=[MemoryDraft(f"Invoice {n} of the dentist was paid.") for n in range(12)])
    index_all()
    body = page(client, q="when does the ferry leave")
    above, below = body.split('<h2 class="results-part">Less likely</h2>')
    assert "The ferry leaves at nine." in re.sub("</?mark>", "", above) and "dentist" not in above
    assert "dentist" in below
    assert "Nothing answers this clearly" in page(client, q="quantum chromodynamics lattice")
    assert "results-part" not in page(client, q="kind:note"), "filters alone: nothing is more likely than anything else"
