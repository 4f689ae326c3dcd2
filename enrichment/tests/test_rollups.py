"""Roll-ups: planned where something changed, made of cited sentences, and shown to people and programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrichment.models import Enrichment, Rollup, RollupPart, StepPause
from enrichment.services import rolling_up
from enrichment.services.rolling_up import make_rollups, plan_rollups
from enrichment.tests.reading_texts import kept, read
from memories.models import Conversation, Memory
from memories.services.lifecycle import apply_to_many
from memories.services.revising import By, Change, edit_memory
from memshadow.lib.clock import now
from tests.api_client import ApiClient
from tests.mcp_client import McpClient

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
SAID = (
    "We planned the garden fence together.",
    "The garden fence needs more wood than we thought.",
    "We found cheap wood for the garden fence in Berlin.",
    "The sea was calm when we sailed to the island.",
)


def talk(owner: User, title: str = "Fence", at: datetime = MONDAY) -> list[Memory]:
    """Four turns on two days of a week."""
    moments = (at, at + timedelta(hours=1), at + timedelta(days=1), at + timedelta(days=1, hours=2))
    return [kept(owner, text, when, title, kind="turn") for text, when in zip(SAID, moments, strict=True)]


def rolled(owner: User) -> dict[str, list[str]]:
    """Everything that is due made; what each roll-up says, by its key."""
    plan_rollups(since=None)
    make_rollups()
    rows = Rollup.objects.filter(owner=owner, is_due=False)
    return {row.key: [part.words for part in row.parts.order_by("number")] for row in rows}


def test_days_weeks_conversations_and_tags_are_rolled_up_from_what_they_cite(owner: User, other: User) -> None:
    memories = talk(owner)
    for memory in memories[:3]:
        edit_memory(owner=owner, memory_id=memory.id, change=Change(tags=("fence",)), by=By(owner))
    kept(other, SAID[0], MONDAY)
    found = rolled(owner)
    conversation, tag = memories[0].conversation_id, memories[0].tags.get().id
    assert set(found) == {
        "day:2026-05-04",
        "day:2026-05-05",
        "week:2026-05-04",
        f"conversation:{conversation}",
        f"tag:{tag}",
    }
    assert found["day:2026-05-05"] == list(SAID[2:])
    assert found[f"conversation:{conversation}"][0] == SAID[0] and len(found[f"tag:{tag}"]) == 3
    assert set(RollupPart.objects.filter(owner=other).values_list("memory__owner", flat=True)) == {other.id}


def test_only_what_changed_is_made_again(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    memories = talk(owner)
    rolled(owner)
    assert plan_rollups(since=None) == 0 and make_rollups() == 0
    edit_memory(owner=owner, memory_id=memories[0].id, change=Change(content="The roof leaks badly."), by=By(owner))
    assert plan_rollups(since=now() - timedelta(minutes=1)) == 3, "its day, week and conversation"
    made: list[str] = []
    monkeypatch.setattr(rolling_up, "_make", lambda row: made.append(row.key))
    make_rollups()
    assert sorted(made)[1:] == ["day:2026-05-04", "week:2026-05-04"]


def test_what_is_erased_or_in_the_trash_is_not_cited_and_an_edit_is_not_quoted(owner: User) -> None:
    first, second, third, _ = talk(owner)
    rolled(owner)
    api = ApiClient(owner)

    def says() -> list[str]:
        page = api.get(f"/conversations/{first.conversation_id}/summary").json()
        return [one["words"] for one in page["sentences"]]

    assert set(says()) >= {SAID[0], SAID[1]}
    Memory.objects.filter(id=first.id).delete()
    edit_memory(owner=owner, memory_id=second.id, change=Change(content="My secret is gone now."), by=By(owner))
    apply_to_many(owner=owner, memory_ids=[third.id], action="delete", by=By(owner))
    assert set(says()) <= {SAID[3]}, "at once, before it is made anew"
    assert rolled(owner)["day:2026-05-04"] == ["My secret is gone now."]
    Conversation.objects.all().delete()
    assert not Rollup.objects.filter(kind="conversation").exists()


def test_it_waits_for_the_summaries_of_long_texts_and_rests_while_they_are_paused(owner: User) -> None:
    memory = kept(owner, "A sentence about nothing at all. " * 20, MONDAY)
    row = Enrichment.objects.create(owner=owner, memory=memory, step="summary")
    plan_rollups(since=None)
    make_rollups()
    assert not RollupPart.objects.exists() and Rollup.objects.get(kind="day").is_due
    row.delete()
    read("summary", [memory])
    Rollup.objects.update(due_at=now())
    StepPause.objects.create(step="summary")
    assert make_rollups() == 0
    StepPause.objects.all().delete()
    make_rollups()
    assert RollupPart.objects.count() == 1


def test_one_that_fails_does_not_hold_up_the_others(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(owner)
    real = rolling_up._make

    def breaking(row: Rollup) -> None:
        if row.key == "day:2026-05-04":
            raise RuntimeError
        real(row)

    monkeypatch.setattr(rolling_up, "_make", breaking)
    assert "day:2026-05-05" in rolled(owner)
    row = Rollup.objects.get(key="day:2026-05-04")
    assert (row.attempts, row.is_due) == (1, True) and row.due_at > now()
    Rollup.objects.filter(id=row.id).update(attempts=4, due_at=now())
    make_rollups()
    row.refresh_from_db()
    assert not row.is_due, "given up until something changes"


def test_the_timeline_shows_weeks_back_to_the_first(owner: User, client_for: Callable[[User], Client]) -> None:
    for weeks in range(6):
        memories = talk(owner, f"Talk {weeks}", MONDAY - timedelta(weeks=weeks))
    read("entities", memories)
    errand = kept(owner, "Bob needs to fix the roof by Friday.", MONDAY - timedelta(weeks=5))
    read("entities", [errand])
    read("points", [errand])
    rolled(owner)
    client = client_for(owner)
    page = client.get(reverse("enrichment:timeline")).content.decode()
    assert "Monday, 4 May" in page and "Talk 3" in page and "Talk 4" not in page and SAID[0] in page
    older = page.partition('rel="next"')[2].partition('href="')[2].partition('"')[0]
    page = client.get(older).content.decode()
    assert "Talk 5" in page and "Talk 3" not in page and "fix the roof" in page and ">Berlin<" in page
    assert "?until=2026-05-04" in page and 'rel="next"' not in page
    assert client.get(reverse("enrichment:timeline"), {"until": "nonsense"}).status_code == 200
    assert "Nothing here yet" in client.get(reverse("enrichment:timeline"), {"until": "1999-01-01"}).content.decode()


def test_pages_of_conversations_and_projects_use_them(owner: User, client_for: Callable[[User], Client]) -> None:
    memories = talk(owner)
    for memory in memories[:3]:
        edit_memory(owner=owner, memory_id=memory.id, change=Change(tags=("fencing",)), by=By(owner))
    rolled(owner)
    client = client_for(owner)
    page = client.get(reverse("memories:conversation", args=[memories[0].conversation_id])).content.decode()
    assert "In short" in page.partition('<ol class="turns">')[0]
    assert 'class="gist"' in client.get(reverse("memories:conversations")).content.decode()
    projects = client.get(reverse("enrichment:projects")).content.decode()
    assert "fencing" in projects and "?tag=fencing" in projects and SAID[1] in projects


def test_programs_and_agents_read_them(owner: User, other: User) -> None:
    memories = talk(owner)
    rolled(owner)
    api, theirs = ApiClient(owner), ApiClient(other)
    listed = api.get("/summaries", kind="day", until="2026-05-04").json()["items"]
    assert [one["name"] for one in listed] == ["2026-05-04"] and len(api.get("/summaries").json()["items"]) == 4
    first = api.get(f"/summaries/{listed[0]['id']}").json()
    assert first["sentences"][0]["memory_id"] == str(memories[0].id) and first["memory_count"] == 2
    assert theirs.get(f"/summaries/{first['id']}").status_code == 404 and not theirs.get("/summaries").json()["items"]
    (week,) = api.get("/timeline").json()["weeks"]
    assert [day["day"] for day in week["days"]] == ["2026-05-05", "2026-05-04"] and week["sentences"]
    assert week["days"][1]["conversations"] == [{"id": str(memories[0].conversation_id), "title": "Fence"}]
    assert theirs.get("/timeline").json() == {"weeks": [], "older": None, "newer": None}
    agent = McpClient(owner)
    assert [day["memories"] for day in agent.call("get_timeline")["days"]] == [2, 2]
    said = agent.call("summarize_conversation", conversation_id=str(memories[0].conversation_id))
    assert said["title"] == "Fence" and said["sentences"][0]["text"] == SAID[0]
    assert agent.call("list_action_items") == {"items": []}
