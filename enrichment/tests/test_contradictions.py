"""Facts that cannot both be so: found, decided by page and by API, undone; and what else waits for review."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrichment.contradictions import open_contradictions
from enrichment.tests.stating_facts import known, line, read, told
from memories.models import Memory
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db


def waiting(owner: User) -> list[tuple[str, str]]:
    pairs = open_contradictions(owner)
    return [(line(pair.older).split(" 202")[0], line(pair.newer).split(" 202")[0]) for pair in pairs]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("I like tea.", "2026-01-01"), ("I do not like tea.", "2026-02-01"), ("Alice like tea", "Alice not like tea")),
        (("I don't like tea.", "2026-01-01"), ("I like tea.", "2026-02-01"), ("Alice not like tea", "Alice like tea")),
        (("I live in Berlin.", "2026-01-01"), ("I live in Rome.", "2026-01-01"),
         ("Alice live in Rome", "Alice live in Berlin")),
        (("I live in Berlin.", "2026-01-01"), ("I live in Rome.", "2026-02-01"), None),
        (("I like tea.", "2026-01-01"), ("I no longer like tea.", "2026-02-01"), None),
        (("I like tea.", "2026-01-01"), ("I do not like coffee.", "2026-02-01"), None),
        (("I like tea.", "2026-01-01"), ("Tom Berg does not like tea.", "2026-02-01"), None),
        (("I like tea.", "2026-01-01"), ("I might not like tea.", "2026-02-01"), None),
    ],
)  # fmt: skip
def test_what_contradicts(
    owner: User, first: tuple[str, str], second: tuple[str, str], expected: tuple[str, str] | None
) -> None:
    told(owner, *second)
    told(owner, *first)
    assert waiting(owner) == ([expected] if expected else [])


def test_each_waits_once_however_often_it_is_said(owner: User, other: User) -> None:
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        told(owner, f"I like tea. It is {day}.", day)
        told(owner, f"It is {day}. I do not like tea.", day)
    assert len(waiting(owner)) == 1 and waiting(other) == []


def test_accept_reject_and_undo_by_api(owner: User) -> None:
    told(owner, "I like tea.", "2026-01-01")
    told(owner, "I do not like tea.", "2026-02-01")
    api = ApiClient(owner)
    (pair,) = api.get("/review/contradictions").json()["items"]
    assert pair["older"]["label"] == "likes" and pair["newer"]["label"] == "does not like"
    url = f"/review/contradictions/{pair['older']['id']}/{pair['newer']['id']}"
    counts = {kind["kind"]: kind["waiting"] for kind in api.get("/review").json()["items"]}
    assert counts == {"contradictions": 1, "duplicates": 0, "proposals": 0}
    accepted = api.post(f"{url}/accept").json()
    read(list(Memory.objects.all()))
    assert waiting(owner) == [] and "Alice like tea 2026-01-01..2026-02-01" in known(owner)
    (decided,) = api.get("/review/contradictions", state="accepted").json()["items"]
    assert decided["verdict_id"] == accepted["id"] and decided["older"]["ended_by"] is None
    api.post(f"/relations/verdicts/{accepted['id']}/undo")
    assert len(waiting(owner)) == 1
    rejected = api.post(f"{url}/reject").json()
    assert waiting(owner) == [] and "Alice like tea 2026-01-01.." in known(owner)
    assert len(api.get("/review/contradictions", state="rejected").json()["items"]) == 1
    api.post(f"/relations/verdicts/{rejected['id']}/undo")
    assert len(waiting(owner)) == 1


def test_accept_of_one_day_ends_the_other(owner: User) -> None:
    told(owner, "I live in Berlin.", "2026-01-01")
    told(owner, "I live in Rome.", "2026-01-01")
    api = ApiClient(owner)
    (pair,) = api.get("/review/contradictions").json()["items"]
    api.post(f"/review/contradictions/{pair['older']['id']}/{pair['newer']['id']}/accept")
    names = {node["name"] for node in api.get("/graph").json()["nodes"]}
    assert waiting(owner) == [] and names == {"Alice", "Rome"}


def test_the_page_decides_without_a_script(owner: User, client_for: Callable[[User], Client]) -> None:
    client, page = client_for(owner), reverse("enrichment:review")
    assert "Nothing contradicts" in client.get(page).content.decode()
    told(owner, "I like tea.", "2026-01-01")
    told(owner, "I do not like tea.", "2026-02-01")
    html = client.get(page).content.decode()
    assert "“I like tea.”" in html and "“I do not like tea.”" in html and "0 waiting" in html
    (pair,) = open_contradictions(owner)
    url = reverse("enrichment:review_decide", args=[pair.older.id, pair.newer.id])
    for action, state in (("accept", "newer"), ("reject", "both")):
        assert "Nothing contradicts" in client.post(url, {"action": action}, follow=True).content.decode()
        html = client.get(page, {"state": state}).content.decode()
        undo = html[html.index("/facts/verdicts/") :].split('"')[0]
        client.post(undo, {"next": page})
        assert len(open_contradictions(owner)) == 1
    client.post(url, {"action": "wrong"})
    assert waiting(owner) == [] and known(owner) == ["Alice like tea 2026-01-01.."]
