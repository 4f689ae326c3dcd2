"""The lists of memories: what a card shows, what the addresses carry, and what many at once may do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import Memory, State, Tag
from memories.services.capture import capture_memory

pytestmark = pytest.mark.django_db
LIBRARY, BULK = "memories:library", "memories:bulk"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


def remember(owner: User, text: str, *tags: str) -> Memory:
    return capture_memory(owner=owner, draft=MemoryDraft(content=text, tags=tags)).memory


def test_a_card_shows_the_text_without_marks(client: Client, owner: User) -> None:
    remember(owner, "# Bread\n\nBake at **250 °C**:\n\n1. with [steam](https://example.org)\n\n```\ncode <b>\n```\n")
    card = client.get(reverse(LIBRARY)).context["cards"][0]
    assert (card.title, card.snippet) == ("Bread", "Bake at 250 °C: with steam code &lt;b&gt;")


def test_a_hit_shows_what_matched_without_marks_and_nothing_of_it_is_markup(
    client: Client, owner: User, index_all: Callable[[], int]
) -> None:
    remember(owner, "# Ovens\n\n- **hot** <mar**k>oven `<b>`\n> &l**t;script>\n1. *stars* 2 * 3 * 4 = 24")
    index_all()
    snippet = client.get(reverse("memories:search"), {"q": "oven"}).context["cards"][0].snippet
    lines = [line for line in snippet.replace("<mark>", "[").replace("</mark>", "]").splitlines() if line]
    assert lines[1:] == ["hot &lt;mark&gt;[oven] &lt;b&gt;", "&amp;lt;script&gt;", "*stars* 2 * 3 * 4 = 24"]


def test_a_card_without_a_single_word_still_shows_something(client: Client, owner: User) -> None:
    remember(owner, "---")
    assert client.get(reverse(LIBRARY)).context["cards"][0].snippet == "---"


def test_addresses_carry_no_empty_parameters(client: Client, owner: User) -> None:
    for n in range(35):
        remember(owner, f"entry {n}", "kept")
    response = client.get(reverse(LIBRARY), {"q": "", "kind": "note", "tag": "kept", "persona": "", "date_from": ""})
    older = response.context["older_url"]
    assert "kind=note" in older and "tag=kept" in older and "cursor=" in older
    assert "persona" not in older and "q=" not in older
    chips = {chip["label"]: chip["url"] for chip in response.context["filters"].chips}
    assert chips == {"Note": "/library/?tag=kept", "Tag kept": "/library/?kind=note"}


@pytest.mark.parametrize("query", [{"date_from": "yesterday"}, {"conversation": "x"}, {"state": "burnt"}])
def test_a_filter_that_makes_no_sense_is_explained(client: Client, query: dict[str, str]) -> None:
    response = client.get(reverse(LIBRARY), query)
    assert response.status_code == 422 and b"That request made no sense" in response.content


def test_junk_for_a_cursor_is_no_error_of_ours(client: Client, owner: User) -> None:
    remember(owner, "something")
    for path in (LIBRARY, "memories:search", "memories:conversations", "memories:trash"):
        assert client.get(reverse(path), {"cursor": "%00junk", "q": "something"}).status_code < 500


@pytest.mark.parametrize("action", ["archive", "delete", "pin", "tag", "merge"])
def test_one_foreign_id_stops_all_of_them(client: Client, owner: User, other: User, action: str) -> None:
    mine, foreign = remember(owner, "mine"), remember(other, "theirs")
    before = list(Memory.objects.order_by("id").values())
    response = client.post(reverse(BULK), {"ids": [mine.id, foreign.id], "action": action, "tag": "new"}, follow=True)
    assert response.status_code == 404
    assert list(Memory.objects.order_by("id").values()) == before and not Tag.objects.exists()


def test_nothing_selected_is_said(client: Client) -> None:
    response = client.post(reverse(BULK), {"action": "archive"}, follow=True)
    assert b"Select some memories first." in response.content


def test_a_card_keeps_its_checkbox_and_the_way_back(client: Client, owner: User) -> None:
    memory = remember(owner, "card")
    url = reverse("memories:action", args=[memory.id])
    body = client.post(url, {"action": "archive", "selectable": "1"}, headers=HTMX).content.decode()
    assert "data-bulk-item" in body and f'hx-target="#memory-{memory.id}"' in body and "Archived." in body
    body = client.post(url, {"action": "restore"}, headers=HTMX).content.decode()
    assert "data-bulk-item" not in body and "Restored." in body
    assert Memory.objects.get(id=memory.id).state == State.ACTIVE


def test_merging_says_how_many_went_into_one(client: Client, owner: User) -> None:
    one, two = remember(owner, "one"), remember(owner, "two")
    page = client.get(reverse("memories:merge"), {"ids": [str(one.id), str(two.id)]}).content.decode()
    assert "Merge 2 memories" in page and page.count('name="keep"') == 2
    response = client.post(reverse("memories:merge"), {"ids": [one.id, two.id], "keep": one.id}, follow=True)
    assert b"Merged 1 memory into this one." in response.content
    superseded = client.get(reverse("memories:detail", args=[two.id])).content.decode()
    assert "Superseded" in superseded and str(one.id) in superseded


def test_conversations_are_found_by_title_and_source(client: Client, owner: User) -> None:
    for n, title in enumerate(("Tides and moons", "Bread")):
        chat = ConversationRef(external_id=str(n), title=title)
        capture_memory(owner=owner, draft=MemoryDraft(content=f"t{n}", kind="turn", conversation=chat))
    url = reverse("memories:conversations")
    body = client.get(url, {"q": "moons"}).content.decode()
    assert "Tides and moons" in body and "Bread" not in body and 'value="moons"' in body
    part = client.get(url, {"q": "nothing like it"}, headers=HTMX).content.decode()
    assert "<html" not in part and "No conversations here" in part


def test_only_what_is_close_is_called_related(client: Client, owner: User, index_all: Callable[[], int]) -> None:
    bread = remember(owner, "Sourdough bread needs a lively starter and a hot oven.")
    remember(owner, "My sourdough starter is fed with rye flour each morning.")
    remember(owner, "The harbour master wants the mooring fee by Friday.")
    index_all()
    related = client.get(reverse("memories:detail", args=[bread.id])).context["related"]
    assert [("rye" in card.snippet) for card in related] == [True]


def test_the_first_steps_disappear_when_taken(client: Client, owner: User) -> None:
    def steps() -> list[bool]:
        return [step["done"] for step in client.get("/").context["checklist"]]

    assert steps() == [False, False, False]
    client.post(reverse("memories:create"), {"content": "first", "tags": ""})
    assert steps() == [False, True, False]
    capture_memory(owner=owner, draft=MemoryDraft(content="second", source="import:chatgpt"))
    client.post(reverse("accounts:api_keys"), {"name": "k", "scopes": ["memories:read"], "days": "30"})
    assert steps() == []
