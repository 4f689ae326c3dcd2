"""The map's page and what its canvas asks for: points by pages, titles of those that somebody looks at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from enrichment.models import Placement, Topic
from enrichment.tests.naming_people import told
from enrichment.tests.test_topics_api import topic_of
from enrichment.views import mapping
from memories.models import Memory

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(owner: User) -> list[Memory]:
    return [told(owner, f"Bread, part {number}.") for number in range(3)]


@pytest.fixture
def topic(owner: User, rows: list[Memory]) -> Topic:
    return topic_of(owner, "Bread", *rows[:2])


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


def test_points_come_by_pages_with_their_topics(
    owner: User, rows: list[Memory], topic: Topic, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Placement.objects.create(owner=owner, memory=rows[2], x=1, y=0)
    monkeypatch.setattr(mapping, "PAGE", 2)
    first = client.get(reverse("enrichment:map_points")).json()
    rest = client.get(reverse("enrichment:map_points"), {"after": first["after"]}).json()
    assert first["ids"] + rest["ids"] == "".join(row.id.hex for row in sorted(rows, key=lambda row: row.id))
    assert first["points"] == [2500, 5000, topic.id.hex] * 2 and rest["points"] == [10000, 0, None]
    assert rest["after"] is None
    assert client.get(reverse("enrichment:map_points"), {"after": "x"}).status_code == 422


def test_titles_are_told_of_ones_own_memories_only(rows: list[Memory], other: User, client: Client) -> None:
    ids = ",".join(row.id.hex for row in [*rows, told(other, "A secret.")])
    titles = client.get(reverse("enrichment:map_titles"), {"ids": ids}).json()["titles"]
    assert {told["title"] for told in titles.values()} == {"Bread, part 0.", "Bread, part 1.", "Bread, part 2."}


def test_the_page_lists_topics_for_who_has_no_script_and_lets_who_may_act_on_many(
    owner: User, client: Client, client_for: Callable[[User], Client]
) -> None:
    assert "No map yet" in client.get(reverse("enrichment:map")).content.decode()
    topic = topic_of(owner, "Bread", told(owner, "Bread."))
    page = client.get(reverse("enrichment:map")).content.decode()
    assert reverse("enrichment:topic", args=[topic.id]) in page and f'action="{reverse("memories:bulk")}"' in page
    User.objects.filter(id=owner.id).update(role=Role.VIEWER)
    page = client_for(User.objects.get(id=owner.id)).get(reverse("enrichment:map")).content.decode()
    assert "data-points" in page and reverse("memories:bulk") not in page
