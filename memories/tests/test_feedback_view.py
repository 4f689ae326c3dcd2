"""Judging results on the page, what opening one says, and the pages on quality and on what was learnt."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.models import Feedback, LearntRule, Memory, Retrieval
from memories.quality import Week, weeks_for
from memories.services.capture import capture_memory
from memories.services.feedback import give_feedback
from memories.tests.lessons import taught_rule
from memories.views.quality import chart_of
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db
HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


@pytest.fixture
def memory(owner: User) -> Memory:
    return capture_memory(owner=owner, draft=MemoryDraft(content="Ada drinks green tea.")).memory


def pressed(body: str) -> list[str]:
    """The verdicts whose buttons are pressed."""
    return re.findall(r'value="(\w+)"\s+aria-pressed="true"', body)


def search(client: Client, question: str = "green tea") -> tuple[str, Retrieval]:
    body = client.get(reverse("memories:search"), {"q": question}).content.decode()
    return body, Retrieval.objects.order_by("-id")[0]


def test_results_can_be_judged_and_remember_it(client: Client, memory: Memory) -> None:
    body, asked = search(client)
    assert f"?from={asked.id}" in body and not pressed(body)
    data = {"verdict": "useful", "retrieval": str(asked.id), "next": "/search/?q=green+tea"}
    response = client.post(reverse("memories:feedback", args=[memory.id]), data)
    assert response.status_code == 302 and response["Location"] == "/search/?q=green+tea"
    assert Feedback.objects.get().verdict == "useful"
    assert pressed(search(client)[0]) == ["useful"]
    assert pressed(search(client, "what does Ada drink")[0]) == []


def test_htmx_swaps_the_buttons_and_a_second_press_takes_back(client: Client, memory: Memory) -> None:
    _, asked = search(client)
    url, data = reverse("memories:feedback", args=[memory.id]), {"verdict": "not_useful", "retrieval": str(asked.id)}
    body = client.post(url, data, **HTMX).content.decode()
    assert f'id="feedback-{memory.id}"' in body and "<html" not in body
    assert pressed(body) == ["not_useful"]
    assert pressed(client.post(url, data, **HTMX).content.decode()) == []
    assert not Feedback.objects.exists()


def test_it_never_leads_to_another_site(client: Client, memory: Memory) -> None:
    data = {"verdict": "useful", "next": "https://evil.example/"}
    response = client.post(reverse("memories:feedback", args=[memory.id]), data)
    assert response["Location"] == reverse("memories:detail", args=[memory.id])


@pytest.mark.parametrize("data", [{}, {"verdict": "splendid"}, {"verdict": "useful", "retrieval": "x"}])
def test_nonsense_is_refused(client: Client, memory: Memory, data: dict[str, str]) -> None:
    assert client.post(reverse("memories:feedback", args=[memory.id]), data).status_code == 422
    assert not Feedback.objects.exists()


def test_opening_a_result_is_noted_once_and_can_be_judged_there(client: Client, memory: Memory) -> None:
    _, asked = search(client)
    for _ in range(2):
        page = client.get(reverse("memories:detail", args=[memory.id]), {"from": str(asked.id)}).content.decode()
    row = Feedback.objects.get()
    assert (row.implicit, row.how) == (True, "opened")
    assert "Was this what you were looking for?" in page and pressed(page) == []


@pytest.mark.parametrize("origin", ["", "nonsense", "01928f6e-0000-7000-8000-000000000000"])
def test_a_link_with_a_stale_origin_still_opens(client: Client, memory: Memory, origin: str) -> None:
    page = client.get(reverse("memories:detail", args=[memory.id]), {"from": origin})
    assert page.status_code == 200 and b"Was this what" not in page.content
    assert not Feedback.objects.exists()


def test_a_viewer_sees_no_buttons_and_leaves_no_trace(
    viewer: User, owner: User, client_for: Callable[[User], Client]
) -> None:
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="Ada drinks green tea.")).memory
    Memory.objects.filter(id=memory.id).update(owner=viewer)
    page = client_for(viewer).get(reverse("memories:quality"))
    assert page.status_code == 200
    assert client_for(viewer).post(
        reverse("memories:feedback", args=[memory.id]), {"verdict": "useful"}
    ).status_code in (
        403,
        404,
    )
    assert not Feedback.objects.exists()


def test_the_quality_page_shows_ones_own_questions_only(
    client: Client, memory: Memory, other: User, client_for: Callable[[User], Client]
) -> None:
    _, asked = search(client)
    give_feedback(owner=memory.owner, memory_id=memory.id, verdict="useful", retrieval_id=asked.id)
    search(client, "slow question")
    search(client, '"zebra crossing"')
    Retrieval.objects.filter(id=Retrieval.objects.order_by("-id")[1].id).update(took_ms=2345.0)
    body = client.get(reverse("memories:quality")).content.decode()
    for text in ("slow question", "2.3 s", "zebra crossing", "Ada drinks green tea.", "100 %", "<svg"):
        assert text in body
    foreign = client_for(other).get(reverse("memories:quality")).content.decode()
    assert "zebra" not in foreign and "Ada" not in foreign and "Nothing was asked yet" in foreign


def test_weeks_count_questions_not_verdicts(owner: User, client: Client, memory: Memory) -> None:
    second = capture_memory(owner=owner, draft=MemoryDraft(content="Green tea is brewed at 80 degrees.")).memory
    _, asked = search(client)
    for one in (memory, second):
        give_feedback(owner=owner, memory_id=one.id, verdict="useful", retrieval_id=asked.id)
    _, old = search(client)
    client.get(reverse("memories:detail", args=[memory.id]), {"from": str(old.id)})
    Retrieval.objects.filter(id=old.id).update(asked_at=now() - timedelta(days=15))
    search(client, '"zebra crossing"')
    earlier, latest = weeks_for(owner)
    assert (earlier.asked, earlier.judged, earlier.used, earlier.empty) == (1, 0, 1, 0)
    assert (latest.asked, latest.judged, latest.useful, latest.empty) == (2, 1, 1, 1)
    assert (latest.useful_share, latest.empty_share, earlier.useful_share) == (1.0, 0.5, None)


def test_a_week_without_a_value_leaves_a_gap_in_its_line() -> None:
    weeks = [Week(now(), 4, judged, judged, 0, 2) for judged in (2, 0, 2)]
    useful, _, empty = chart_of(weeks)
    assert useful.path == "M8.0 8.0M592.0 8.0"
    assert empty.path == "M8.0 90.0L300.0 90.0L592.0 90.0"


def test_quality_costs_a_constant_number_of_queries(
    owner: User, client: Client, memory: Memory, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    def fill(count: int, label: str) -> None:
        for n in range(count):
            _, asked = search(client, f'"zebra {label} {n}"')
            give_feedback(owner=owner, memory_id=memory.id, verdict="useful", retrieval_id=asked.id)
            taught_rule(owner, memory.id, given=(f"{label}{n}",))

    fill(2, "few")
    url = reverse("memories:quality")
    with django_assert_max_num_queries(40) as few:
        client.get(url)
    count = len(few)
    fill(8, "many")
    with django_assert_max_num_queries(count):
        assert client.get(url).status_code == 200


def test_feedback_is_taken_back_on_the_quality_page(client: Client, memory: Memory) -> None:
    row = give_feedback(owner=memory.owner, memory_id=memory.id, verdict="useful")
    assert "in general" in client.get(reverse("memories:quality")).content.decode()
    assert client.post(reverse("memories:feedback_withdraw", args=[row.id])).status_code == 302
    assert not Feedback.objects.exists()


def test_rules_are_shown_removed_and_restored(client: Client, owner: User, memory: Memory) -> None:
    rule = taught_rule(owner, memory.id)
    page, url = reverse("memories:learnt"), reverse("memories:learnt_rule", args=[rule.id])
    body = client.get(page).content.decode()
    assert "slo" in body and "level objective" in body and "stands for" in body
    assert "Removed</h2>" not in body
    client.post(url, {"action": "remove"})
    assert LearntRule.objects.get().state == "removed"
    assert "Removed</h2>" in client.get(page).content.decode()
    client.post(url, {"action": "restore"})
    assert LearntRule.objects.get().state == "active"
    assert client.post(url, {"action": "frame it"}).status_code == 422
