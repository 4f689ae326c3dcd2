"""The pages and operations that show the audit trail: to whom, how much, found by what."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.audit import Result, record
from accounts.models import AuditEvent, User
from tests.api_client import ApiClient

ACTIVITY, AUDIT = "/account/activity/", "/account/audit/"


@pytest.fixture
def events(owner: User, other: User) -> None:
    """Something of Alice's, of Bob's, tried with Bob's account, and of the server's."""
    record("alice.did", actor=owner, address="203.0.113.7", object_id="thing-1")
    record("bob.did", actor=other, address="198.51.100.1")
    record("bob.tried", actor=None, target=other, email=other.email, address="192.0.2.1", result=Result.FAILED)
    record("server.did", actor=None)


def actions(response: Any) -> list[str]:
    """The entries of a page that this test made, newest first."""
    return [line.event.action for line in response.context["lines"] if "signed" not in line.event.action]


def test_each_sees_what_concerns_them(
    events: None, owner: User, other: User, client_for: Callable[..., Client]
) -> None:
    assert actions(client_for(owner).get(ACTIVITY)) == ["alice.did"]
    page = client_for(other).get(ACTIVITY)
    assert actions(page) == ["bob.tried", "bob.did"]
    assert b"203.0.113.7" not in page.content and b"alice" not in page.content


def test_managers_see_everything_and_members_nothing_more(
    events: None, owner: User, staff: User, other: User, client_for: Callable[..., Client]
) -> None:
    for manager in (owner, staff):
        assert actions(client_for(manager).get(AUDIT)) == ["server.did", "bob.tried", "bob.did", "alice.did"]
    for path in (AUDIT, reverse("accounts:audit_export")):
        assert client_for(other).get(path).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"person": "BOB@example.org"}, ["bob.tried", "bob.did"]),
        ({"action": "bob"}, ["bob.tried", "bob.did"]),
        ({"action": "bob.did"}, ["bob.did"]),
        ({"result": "failed"}, ["bob.tried"]),
        ({"address": "203.0.113.7"}, ["alice.did"]),
        ({"object": "thing-1"}, ["alice.did"]),
        ({"date_to": "2020-01-01"}, []),
        ({"person": "nobody@example.org"}, []),
    ],
)
def test_filters(
    events: None, owner: User, client_for: Callable[..., Client], query: dict[str, str], found: list[str]
) -> None:
    assert actions(client_for(owner).get(AUDIT, query)) == found
    names = {"date_to": "before"}
    times = {"before": "2020-01-01T00:00:00Z"}
    api = ApiClient(owner, ("admin",)).get(
        "/audit", **{names.get(k, k): times.get(names.get(k, k), v) for k, v in query.items()}
    )
    ours = [item["action"] for item in api.json()["items"]]
    assert [name for name in ours if name.startswith(("alice", "bob", "server"))] == found


@pytest.mark.parametrize("query", [{"address": "x"}, {"date_from": "soon"}])
def test_nonsense_is_refused(owner: User, client_for: Callable[..., Client], query: dict[str, str]) -> None:
    assert client_for(owner).get(AUDIT, query).status_code == 422


def test_the_events_of_somebody_who_is_gone_are_found_by_their_address(
    events: None, owner: User, other: User, client_for: Callable[..., Client]
) -> None:
    other.delete()
    page = client_for(owner).get(AUDIT, {"person": "bob@example.org"})
    assert actions(page) == ["bob.tried", "bob.did"]
    assert b"A deleted account" in page.content


def test_pages_follow_each_other(owner: User, client_for: Callable[..., Client]) -> None:
    for n in range(60):
        record(f"n.{n}", actor=owner)
    client = client_for(owner)
    first = client.get(ACTIVITY)
    second = client.get(first.context["older_url"], headers={"HX-Request": "true"})
    assert [*actions(first), *actions(second)] == [f"n.{n}" for n in reversed(range(60))]
    assert b"<html" not in second.content


def test_hostile_text_is_escaped(owner: User, client_for: Callable[..., Client]) -> None:
    client = Client(HTTP_USER_AGENT="<script>alert(1)</script>")
    client.post("/account/login/", {"username": owner.email, "password": "<script>"})
    page = client_for(owner).get(ACTIVITY, {"object": '"><script>'})
    assert b"<script>alert" not in page.content and b'"><script>' not in page.content


def body(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def test_the_export_is_whole_and_is_recorded(events: None, owner: User, client_for: Callable[..., Client]) -> None:
    client = client_for(owner)
    lines = [json.loads(line) for line in body(client.get(reverse("accounts:audit_export"))).splitlines()]
    assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(line["previous"] == before["mac"] for before, line in itertools.pairwise(lines))
    assert lines[-1]["action"] == "audit.exported" and lines[-1]["actor"] == owner.email
    rows = list(csv.DictReader(io.StringIO(body(client.get(reverse("accounts:audit_export"), {"format": "csv"})))))
    assert len(rows) == len(lines) + 1
    assert client.get(reverse("accounts:audit_export"), {"format": "exe"}).status_code == 422


def test_a_spreadsheet_runs_no_formula(owner: User, client_for: Callable[..., Client]) -> None:
    record("x.y", actor=owner, object_id="=cmd|' /C calc'!A0")
    text = body(client_for(owner).get(reverse("accounts:activity_export"), {"format": "csv"}))
    assert "'=cmd" in text and ",=cmd" not in text


def test_the_api_shows_members_their_own_part(events: None, owner: User, other: User) -> None:
    mine = ApiClient(other, ("admin",))
    seen = {item["action"] for item in mine.get("/audit").json()["items"]}
    assert {"bob.did", "bob.tried"} <= seen and not {"alice.did", "server.did"} & seen
    exported = body(mine.get("/audit/export/jsonl"))
    assert "bob.did" in exported and "alice.did" not in exported
    assert ApiClient(other, ("read", "write")).get("/audit").status_code == 403


def test_the_api_pages_without_gaps(owner: User) -> None:
    for n in range(7):
        record(f"n.{n}", actor=owner)
    api, seen, cursor = ApiClient(owner, ("admin",)), [], None
    while True:
        page = api.get("/audit", limit=3, action="n", **({"cursor": cursor} if cursor else {})).json()
        seen += [item["action"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"n.{n}" for n in reversed(range(7))]


def test_a_page_costs_the_same_however_much_there_is(
    owner: User, client_for: Callable[..., Client], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = client_for(owner)
    with django_assert_max_num_queries(20) as few:
        client.get(AUDIT)
    for n in range(30):
        record(f"n.{n}", actor=owner)
    with django_assert_max_num_queries(len(few)):
        client.get(AUDIT)
    assert AuditEvent.objects.count() > 30
