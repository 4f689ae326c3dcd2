"""Decisions and action items: what is found, where it is shown, and that what a person says of one stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrichment.entity_selectors import counted_entities
from enrichment.models import Point
from enrichment.services.correcting import rename_entity
from enrichment.tests.reading_texts import kept, read
from memories.models import Memory
from memories.services.revising import By, Change, edit_memory
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 5, 13, 15, tzinfo=UTC)
# What a sentence says: kind, who, task, until when.
SAID: dict[str, list[tuple[str, str, str, str | None]]] = {
    "I'll send the report by Friday.": [("action", "speaker", "send the report", "2026-05-15")],
    "Anna needs to review the draft by Friday.": [("action", "Anna", "review the draft", "2026-05-15")],
    "Bob promised to fix the login bug by next Tuesday.": [("action", "Bob", "fix the login bug", "2026-05-19")],
    "We have to finish the slides by the end of the month.": [
        ("action", "together", "finish the slides", "2026-05-31")
    ],
    "Carol must pay the bill by the 3rd.": [("action", "Carol", "pay the bill", "2026-06-03")],
    "Could you send me the file by Monday?": [("action", "listener", "send me the file", "2026-05-18")],
    "Call the dentist on June 2.": [("action", "speaker", "Call the dentist", "2026-06-02")],
    "- [ ] @dana send the slides by EOD": [("action", "dana", "send the slides", "2026-05-13")],
    "TODO: buy milk": [("action", "speaker", "buy milk", None)],
    "We decided to move to Postgres.": [("decision", "together", "decided to move to Postgres", None)],
    "We've agreed on the blue logo.": [("decision", "together", "agreed on the blue logo", None)],
    "Let's go with the second offer.": [("decision", "together", "go with the second offer", None)],
    "Decision: keep the old name.": [("decision", "together", "keep the old name.", None)],
    "I won't send the report.": [],
    "If it rains, I'll paint the room.": [],
    "Will you send the report?": [],
    "Maybe I'll write a book.": [],
    "I had to call him on Friday.": [],
    "We haven't decided to leave.": [],
    "I'm going with my family to Spain.": [],
    "I should be there tomorrow.": [],
    "Anna, who will call the plumber, is nice.": [],
    "We should have decided on a name.": [],
}


def points_of(owner: User, text: str, **parts: Any) -> list[tuple[str, str, str, str | None]]:
    memory = kept(owner, text, WEDNESDAY, **parts)
    read("entities", [memory])
    (result,) = read("points", [memory])
    return [(one["kind"], one["who"], one["task"], one["due_on"]) for one in result.get("points", ())]


def test_each_sentence_says_what_it_says_and_no_more(owner: User) -> None:
    found = {text: points_of(owner, text) for text in SAID}
    assert {text: said for text, said in found.items() if said != SAID[text]} == {}


def test_what_is_asked_of_a_model_is_no_errand_and_what_it_says_binds_nobody(owner: User) -> None:
    assert points_of(owner, "Please send me the file.", kind="turn", role="user") == []
    assert points_of(owner, "I'll send the report by Friday, okay.", kind="turn", role="assistant") == []
    assert points_of(owner, "I'll call the bank tomorrow.", kind="turn", role="user")


def told(owner: User, text: str = "Anna Schmidt needs to review the draft by Friday. We decided to move.") -> Memory:
    memory = kept(owner, text, WEDNESDAY)
    read("entities", [memory])
    read("points", [memory])
    return memory


def test_what_a_person_said_of_one_stays_when_it_is_read_again(owner: User, other: User) -> None:
    memory, api = told(owner), ApiClient(owner)
    action, decision = api.get(f"/memories/{memory.id}/points").json()["items"]
    assert (action["who"], action["due_on"], action["state"]) == ("Anna Schmidt", "2026-05-15", "open")
    assert ApiClient(other).patch(f"/points/{action['id']}", {"state": "done"}).status_code == 404
    assert api.patch(f"/points/{action['id']}", {"state": "later"}).status_code == 422
    assert api.patch(f"/points/{action['id']}", {"state": "done"}).json()["state"] == "done"
    api.patch(f"/points/{decision['id']}", {"state": "dismissed"})
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content=f"Notes.\n{memory.content}"), by=By(owner))
    memory.refresh_from_db()
    read("entities", [memory])
    read("points", [memory])
    (again,) = api.get(f"/memories/{memory.id}/points").json()["items"]
    assert (again["id"], again["state"], again["start"]) == (action["id"], "done", 7)
    assert Point.objects.get(id=decision["id"]).state == "dismissed"


def test_a_corrected_name_is_shown_and_a_sentence_that_went_is_not(owner: User) -> None:
    memory, api = told(owner), ApiClient(owner)
    anna = next(row.entity for row in counted_entities(owner)[0] if row.entity.name == "Anna Schmidt")
    rename_entity(owner=owner, entity=anna, name="Anna S. of Berlin")
    assert api.get(f"/memories/{memory.id}/points").json()["items"][0]["who"] == "Anna S. of Berlin"
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="We decided to move."), by=By(owner))
    memory.refresh_from_db()
    read("entities", [memory])
    read("points", [memory])
    assert [one["kind"] for one in api.get(f"/memories/{memory.id}/points").json()["items"]] == ["decision"]


def test_the_list_has_the_most_urgent_first_and_pages(owner: User) -> None:
    for text in ("I'll call Bob tomorrow.", "TODO: buy milk", "I'll send the report by Friday.", "- [x] book a room"):
        told(owner, text)
    api = ApiClient(owner)
    first = api.get("/action-items", limit=2).json()
    assert [one["due_on"] for one in first["items"]] == ["2026-05-14", "2026-05-15"]
    last = api.get("/action-items", limit=2, cursor=first["next_cursor"]).json()
    assert [one["task"] for one in last["items"]] == ["buy milk"] and last["next_cursor"] is None
    assert [one["task"] for one in api.get("/action-items", state="done").json()["items"]] == ["book a room"]
    assert len(api.get("/action-items", state="any").json()["items"]) == 4
    assert len(api.get("/action-items", due_by=date(2026, 5, 14)).json()["items"]) == 1


def test_pages_show_them_and_a_button_marks_one(owner: User, client_for: Callable[[User], Client]) -> None:
    memory, client = told(owner), client_for(owner)
    page = client.get(reverse("memories:detail", args=[memory.id])).content.decode()
    assert "Anna Schmidt:" in page and "review the draft" in page and "Decided" in page
    point, items = Point.objects.get(kind="action"), reverse("enrichment:action_items")
    assert "review the draft" in client.get(items).content.decode()
    answer = client.post(reverse("enrichment:point_mark", args=[point.id]), {"state": "done", "back": items})
    assert answer["Location"] == items
    assert "review the draft" not in client.get(items).content.decode()
    assert "review the draft" in client.get(items, {"state": "done"}).content.decode()
    elsewhere = {"state": "open", "back": "https://evil.example/"}
    answer = client.post(reverse("enrichment:point_mark", args=[point.id]), elsewhere)
    assert answer["Location"] == reverse("memories:detail", args=[memory.id])
