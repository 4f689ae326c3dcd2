"""The graph explorer without a script: the facts of a day as a list, what the canvas is given, and one node."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrichment.tests.naming_people import entity
from enrichment.tests.stating_facts import told

pytestmark = pytest.mark.django_db
DATA = "/graph/data/"


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


def drawn(client: Client, query: str = "") -> list[str]:
    """Every edge that the canvas is given, in words."""
    found = client.get(DATA + query).json()
    names = [name for _, _, name, _ in found["nodes"]]
    return sorted(f"{names[source]} {label} {names[target]}" for source, target, label, _ in found["edges"])


def test_the_list_and_the_canvas_have_what_was_true_on_a_day(owner: User, client: Client) -> None:
    assert "No facts yet" in client.get("/graph/").text
    told(owner, "Anna Schmidt lives in Berlin.", "2024-03-01")
    told(owner, "Anna Schmidt moved to Rome.", "2025-02-01")
    told(owner, "Anna Schmidt likes <b>quokkas</b>.", "2025-02-01")
    assert "Anna Schmidt lives in Rome" in drawn(client) and "Anna Schmidt lives in Berlin" not in drawn(client)
    assert drawn(client, "?as_of=2024-06-01") == ["Anna Schmidt lives in Berlin"]
    assert drawn(client, "?as_of=2026-01-01&known_at=2024-06-01") == [], "nothing was known then"
    then = client.get("/graph/?as_of=2024-06-01").text
    assert "Berlin" in then and "Rome" not in then and "since 1 Mar 2024" in then
    now = client.get("/graph/").text
    assert "Rome" in now and "<b>quokkas" not in now
    assert drawn(client, "?predicate=live in") == ["Anna Schmidt lives in Rome"]
    part = client.get("/graph/?as_of=2020-01-01", headers={"HX-Request": "true"}).text
    assert "Nothing that you ask for" in part and "<html" not in part


def test_a_node_tells_what_is_known_of_it_and_its_neighbours(owner: User, other: User, client: Client) -> None:
    told(owner, "Anna Schmidt lives in Berlin.", "2024-03-01")
    told(owner, "Bob Miller lives in Oslo.", "2024-03-01")
    anna = entity(owner, "Anna Schmidt")
    assert drawn(client, f"?around={anna.id}") == ["Anna Schmidt lives in Berlin"]
    url = reverse("enrichment:graph_node", args=[anna.id])
    assert "lives in" in client.get(url).text and reverse("enrichment:entity", args=[anna.id]) in client.get(url).text
    stranger = Client()
    stranger.force_login(other)
    assert stranger.get(url).status_code == 404 and stranger.get(DATA).json()["nodes"] == []
    assert stranger.get(f"{DATA}?around={anna.id}").json()["edges"] == []


@pytest.mark.parametrize("query", ["?as_of=nonsense", "?kind=nothing", "?around=1"])
def test_nonsense_is_told(owner: User, client: Client, query: str) -> None:
    assert client.get(DATA + query).status_code == 422
    assert client.get(f"/graph/{query}").status_code == 200
