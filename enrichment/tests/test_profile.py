"""The profile and insights: what is known of the owner now, with its memories, and gone when those are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrichment import facts
from enrichment.insights import found as insights_module
from enrichment.insights import profile as profile_module
from enrichment.insights.found import insights_of
from enrichment.insights.profile import as_text, profile_of
from enrichment.insights.telling import is_telling
from enrichment.models import Placement, Point
from enrichment.services.judging import reject_fact
from enrichment.services.recording_points import mark_point, record_points
from enrichment.tests.stating_facts import told
from enrichment.tests.test_topics_api import topic_of
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from memories.services.lifecycle import delete_memory
from memories.services.revising import By
from tests.api_client import ApiClient
from tests.mcp_client import McpClient

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (profile_module, insights_module):
        monkeypatch.setattr(module, "now", lambda: TODAY)
    monkeypatch.setattr("enrichment.insights._owner.now", lambda: TODAY)


def texts(rows: list[Any]) -> list[str]:
    return [row.text for row in rows]


def test_what_is_true_of_the_owner_now_is_told_with_its_memories(owner: User) -> None:
    told(owner, "I live in Hamburg.", at="2025-03-01")
    moved = told(owner, "I live in Berlin.")
    told(owner, "I love rye bread. I don't eat meat. I'm a nurse. My sister is Lena.")
    told(owner, "Bob lives in Rome.")
    told(owner, "I live in Paris.", kind="turn", role="assistant")
    found = profile_of(owner)
    assert "Lives in Berlin" in texts(found.facts) and "Sister is Lena" in texts(found.facts)
    assert not any(place in str(texts(found.facts)) for place in ("Hamburg", "Rome", "Paris"))
    assert set(texts(found.preferences)) == {"Loves rye bread", "Does not eat meat"}
    home = next(one for one in found.facts if one.text == "Lives in Berlin")
    assert home.cited == [moved.id] and home.sentence == "I live in Berlin."
    delete_memory(owner=owner, memory_id=moved.id, by=By(owner))
    assert "Lives in Hamburg" in texts(profile_of(owner).facts)


def test_what_the_owner_says_is_wrong_is_told_no_more(owner: User) -> None:
    told(owner, "I work at Siemens.")
    reject_fact(owner=owner, relation=facts.facts(owner).get())
    assert profile_of(owner).facts == []


@pytest.mark.parametrize(
    ("predicate", "thing", "sentence", "count", "telling"),
    [
        ("have", "trouble", "I have trouble with it.", 1, False),
        ("have", "two cats", "I have two cats.", 1, True),
        ("be", "nurse", "I'm a nurse.", 1, True),
        ("be", "sure", "I'm sure.", 1, False),
        ("use", "29", "I use 29.", 5, False),
        ("love", "your idea", "I love your idea.", 1, False),
        ("add", "retry logic", "I added retry logic.", 1, False),
    ],
)
def test_what_happened_once_is_not_worth_telling(
    predicate: str, thing: str, sentence: str, count: int, telling: bool
) -> None:
    assert is_telling(predicate, thing, sentence, count=count, is_named=False) is telling


def task(owner: User, words: str, due_on: str | None, who: str = "speaker", **parts: Any) -> Memory:
    draft = MemoryDraft(content=words, occurred_at=TODAY - timedelta(days=3), **parts)
    memory = capture_memory(owner=owner, draft=draft).memory
    said = {"words": words, "task": words, "who": who, "who_start": 0, "who_end": 0, "due_words": ""}
    plain = said | {"kind": "action", "start": 0, "end": len(words), "due_on": due_on, "is_done": False}
    record_points(owner_id=owner.id, found={memory.id: [plain]})
    return memory


def test_commitments_are_the_owners_own_and_not_those_of_long_ago(owner: User) -> None:
    task(owner, "pay the rent", "2026-06-05")
    task(owner, "water the plants", None)
    task(owner, "renew the passport", "2027-06-05")
    task(owner, "file the report", "2025-06-05")
    task(owner, "send the draft", "2026-06-04", kind="turn", author="Bob")
    done = task(owner, "buy bread", "2026-06-03")
    mark_point(owner=owner, point=Point.objects.get(memory=done), state="done")
    assert [one.task for one in profile_of(owner).commitments] == ["pay the rent", "water the plants"]


def test_days_that_come_and_birthdays_are_found(owner: User) -> None:
    told(owner, "The dentist sees me on 12 June 2026. We met on 12 May 2026.", at="2026-05-20")
    told(owner, "Lena's birthday is 3 July.", at="2024-02-01")
    ahead = insights_of(owner).upcoming
    assert [f"{one.on}" for one in ahead] == ["2026-06-12", "2026-07-03"]
    assert ahead[0].text == "The dentist sees me on 12 June 2026."


def test_questions_stay_open_until_somebody_answers(owner: User, index_all: Callable[[], int]) -> None:
    def turn(text: str, talk: str, minute: int, role: str = "user") -> None:
        moment = TODAY - timedelta(days=2) + timedelta(minutes=minute)
        reference = ConversationRef(external_id=talk, title="Talk")
        draft = MemoryDraft(
            content=text, kind="turn", role=role, language="en", conversation=reference, occurred_at=moment
        )
        capture_memory(owner=owner, draft=draft)

    turn("Which oven should I buy?", "oven", 0)
    turn("One with steam.", "oven", 1, role="assistant")
    turn("Thanks. And how do I clean it?", "oven", 2)
    turn("What is a leap second?", "time", 0)
    turn("One that is added to the day.", "time", 1, role="assistant")
    turn("Shall I tell you more?", "more", 0, role="assistant")
    index_all()
    assert [one.text for one in insights_of(owner).questions] == ["And how do I clean it?"]


def test_topics_that_rise_recur_and_fade(owner: User) -> None:
    def about(label: str, direction: int, days: list[int]) -> None:
        rows = [
            capture_memory(
                owner=owner,
                draft=MemoryDraft(content=f"{label} {number}", occurred_at=TODAY - timedelta(days=ago)),
            ).memory
            for number, ago in enumerate(days)
        ]
        topic_of(owner, label, *rows, direction=direction)

    about("Garden", 1, [1, 2, 3, 4])
    about("Tax", 5, [40, 50, 60, 70, 80, 90, 100, 110, 115])
    about("Running", 9, [5, 35, 65, 95, 125, 155])
    capture_memory(owner=owner, draft=MemoryDraft(content="Now.", occurred_at=TODAY))
    kinds = {one.topic.label: one.kind for one in insights_of(owner).trends}
    assert kinds == {"Garden": "rising", "Tax": "fading", "Running": "recurring"}
    assert Placement.objects.count() == 19
    running = next(one for one in insights_of(owner).trends if one.topic.label == "Running")
    assert len(running.counts) == 12 and sum(running.counts) == 6


def test_this_day_of_other_years_comes_back(owner: User) -> None:
    for year, text in ((2024, "Moved house."), (2026, "Today."), (2025, "Ate cake.")):
        capture_memory(owner=owner, draft=MemoryDraft(content=text, occurred_at=TODAY.replace(year=year)))
    capture_memory(
        owner=owner, draft=MemoryDraft(content="The day after.", occurred_at=TODAY.replace(year=2024, day=2))
    )
    assert [row.content for row in insights_of(owner).on_this_day] == ["Ate cake.", "Moved house."]


def test_the_text_for_prompts_is_short_whole_and_keeps_secrets(owner: User) -> None:
    told(owner, "I live in Berlin. I love rye bread.")
    task(
        owner, "use the key sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWX-abcdefghAA", None
    )
    text = as_text(profile_of(owner), 4000)
    assert "- Lives in Berlin" in text and "- Loves rye bread" in text and "abcdefghijklmnop" not in text
    short = as_text(profile_of(owner), 100)
    assert len(short) <= 100 and text.startswith(short)


def test_programs_agents_and_people_read_the_same(
    owner: User, other: User, client_for: Callable[[User], Client]
) -> None:
    memory = told(owner, "I live in Berlin.")
    api = ApiClient(owner)
    found = api.get("/profile").json()
    assert found["facts"][0]["text"] == "Lives in Berlin" and found["facts"][0]["memory_ids"] == [str(memory.id)]
    plain = api.get("/profile", format="text")
    assert plain["Content-Type"].startswith("text/plain") and "Lives in Berlin" in plain.content.decode()
    assert "Lives in Berlin" in McpClient(owner).call("get_profile")["text"]
    assert api.get("/insights").status_code == 200
    page = client_for(owner).get(reverse("enrichment:profile")).content.decode()
    assert "Lives in Berlin" in page and reverse("memories:detail", args=[memory.id]) in page
    wrong = reverse("enrichment:fact_change", args=[profile_of(owner).facts[0].relation_id])
    assert f'action="{wrong}"' in page
    back = client_for(owner).post(wrong, {"action": "reject", "next": reverse("enrichment:profile")}, follow=True)
    assert "Nothing known yet" in back.content.decode()
    assert ApiClient(other).get("/profile").json()["facts"] == []
    assert "Nothing known yet" in client_for(other).get(reverse("enrichment:profile")).content.decode()
    assert "Nothing stands out yet" in client_for(other).get(reverse("enrichment:insights")).content.decode()
