"""Topics over the JSON API, on their pages and for agents: listed, read, corrected and undone, and only one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from enrichment.models import Cluster, Placement, Topic, TopicChange
from enrichment.tests.naming_people import told
from memories.models import Memory
from tests.api_client import ApiClient
from tests.mcp_client import McpClient

pytestmark = pytest.mark.django_db


def topic_of(owner: User, label: str, *memories: Memory, direction: int = 0) -> Topic:
    """A topic as a grouping leaves it; those of one direction are near to each other."""
    topic = Topic(owner=owner)
    topic.label, topic.terms = label, {"terms": [[label.casefold(), 1.0], ["more", 0.5]]}
    topic.save()
    centre = np.zeros(384, np.float32)
    centre[[direction, 1 + len(label) % 300]] = 0.8, 0.6
    cluster = Cluster.objects.create(owner=owner, topic=topic, centre=centre.tobytes(), reach=0.5)
    for number, memory in enumerate(memories):
        Placement.objects.create(owner=owner, memory=memory, cluster=cluster, nearness=0.9 - number / 10, x=0.25, y=0.5)
    return topic


@pytest.fixture
def bread(owner: User) -> Topic:
    rows = [told(owner, text) for text in ("[Anna] bakes rye bread.", "[Anna] fed the starter.", "Bread again.")]
    for month, row in zip((1, 1, 4), rows, strict=True):
        Memory.objects.filter(id=row.id).update(occurred_at=datetime(2026, month, 9, tzinfo=UTC))
    return topic_of(owner, "Bread", *rows)


@pytest.fixture
def music(owner: User) -> Topic:
    return topic_of(owner, "Music", told(owner, "A concert."))


def test_the_largest_topic_comes_first_and_one_tells_all_of_it(owner: User, bread: Topic, music: Topic) -> None:
    api = ApiClient(owner)
    listed = api.get("/topics").json()["items"]
    assert [(one["label"], one["memory_count"]) for one in listed] == [("Bread", 3), ("Music", 1)]
    found = api.get(f"/topics/{bread.id}").json()
    assert [one["words"] for one in found["terms"]] == ["bread", "more"]
    assert [(one["name"], one["memory_count"]) for one in found["entities"]] == [("Anna", 2)]
    assert [(one["month"], one["memory_count"]) for one in found["months"]] == [
        ("2026-01-01", 2), ("2026-02-01", 0), ("2026-03-01", 0), ("2026-04-01", 1),
    ]  # fmt: skip
    assert [(one["label"], round(one["nearness"], 2)) for one in found["neighbours"]] == [("Music", 1.0)]
    memories = api.get(f"/topics/{bread.id}/memories", limit=2).json()
    assert memories["items"][0]["content"] == "Bread again." and memories["next_cursor"]
    about = api.get(f"/memories/{memories['items'][0]['id']}/topics").json()["items"]
    assert [one["label"] for one in about] == ["Bread"]


def test_topics_are_corrected_and_each_correction_can_be_undone(owner: User, bread: Topic, music: Topic) -> None:
    api = ApiClient(owner)
    assert api.patch(f"/topics/{bread.id}", {"label": "Baking"}).json()["label"] == "Baking"
    merged = api.post(f"/topics/{bread.id}/merge", {"others": [str(music.id)]}).json()
    assert api.get(f"/topics/{music.id}").json()["memory_count"] == 4
    assert api.post(f"/topics/{bread.id}/merge", {"others": [str(bread.id)]}).status_code == 422
    assert api.post(f"/topics/changes/{merged['change']['id']}/undo").json()["memory_count"] == 3
    assert api.post(f"/topics/changes/{merged['change']['id']}/undo").status_code == 409
    assert api.patch(f"/topics/{music.id}", {"is_hidden": True}).status_code == 200
    assert [one["label"] for one in api.get("/topics").json()["items"]] == ["Baking"]
    assert [one["label"] for one in api.get("/topics", hidden="true").json()["items"]] == ["Music"]
    assert api.patch(f"/topics/{music.id}", {"label": "x" * 121}).status_code == 422


def test_the_map_is_read_by_pages(owner: User, bread: Topic, music: Topic) -> None:
    api = ApiClient(owner)
    first = api.get("/map", limit=3).json()
    rest = api.get("/map", limit=3, cursor=first["next_cursor"]).json()
    assert first["total"] == 4 and rest["next_cursor"] is None
    spots = first["items"] + rest["items"]
    assert {one["topic_id"] for one in spots} == {str(bread.id), str(music.id)}
    assert len({one["memory_id"] for one in spots}) == 4 and {(one["x"], one["y"]) for one in spots} == {(0.25, 0.5)}


def test_nobody_elses_topic_exists(owner: User, other: User, bread: Topic) -> None:
    theirs = topic_of(other, "Theirs", told(other, "Mine."))
    api = ApiClient(other)
    assert api.post(f"/topics/{theirs.id}/merge", {"others": [str(bread.id)]}).status_code == 404
    assert api.get(f"/topics/{bread.id}").status_code == 404
    assert [one["label"] for one in api.get("/topics").json()["items"]] == ["Theirs"]
    assert [one.label for one in Topic.objects.filter(merged_into=None)] == ["Bread", "Theirs"]


def test_agents_list_and_read_topics(owner: User, bread: Topic, music: Topic) -> None:
    client = McpClient(owner)
    listed = client.call("list_topics", limit=1)
    assert (listed["items"][0]["label"], listed["more"]) == ("Bread", 1)
    told_of = client.call("get_topic", topic_id=str(bread.id))
    assert told_of["items"][0]["text"] == "Anna bakes rye bread." and told_of["mentioned"] == ["Anna"]
    assert told_of["near"] == ["Music"]


def test_pages_show_and_correct_without_a_script(
    owner: User, bread: Topic, music: Topic, client_for: Callable[[User], Client]
) -> None:
    client = client_for(owner)
    page = client.get(reverse("enrichment:topics")).content.decode()
    assert page.index("Bread") < page.index("Music")
    page = client.get(reverse("enrichment:topic", args=[bread.id])).content.decode()
    assert "Anna bakes rye bread." in page and page.count('class="chart-bar') == 2 and "Mar 2026" in page
    memory = Placement.objects.filter(cluster__topic=bread).first()
    assert memory is not None
    shown = client.get(reverse("memories:detail", args=[memory.memory_id])).content.decode()
    assert reverse("enrichment:topic", args=[bread.id]) in shown
    url = reverse("enrichment:topic_change", args=[bread.id])
    client.post(url, {"action": "merge", "others": str(music.id)})
    client.post(url, {"action": "rename", "label": "Baking"})
    client.post(url, {"action": "hide"})
    assert "Baking" in client.get(reverse("enrichment:hidden_topics")).content.decode()
    assert reverse("enrichment:topic", args=[bread.id]) not in client.get(
        reverse("memories:detail", args=[memory.memory_id])
    ).content.decode().replace(reverse("enrichment:topics"), "")
    for change in TopicChange.objects.order_by("-at"):
        client.post(reverse("enrichment:topic_undo", args=[change.id]))
    assert {one.label for one in Topic.objects.filter(merged_into=None, is_hidden=False)} == {"Bread", "Music"}
    page = client.post(url, {"action": "merge"}, follow=True).content.decode()
    assert "Choose another topic" in page


def test_a_viewer_reads_topics_and_corrects_nothing(
    owner: User, bread: Topic, client_for: Callable[[User], Client]
) -> None:
    User.objects.filter(id=owner.id).update(role=Role.VIEWER)
    client = client_for(User.objects.get(id=owner.id))
    assert b"Correct it" not in client.get(reverse("enrichment:topic", args=[bread.id])).content
    assert client.post(reverse("enrichment:topic_change", args=[bread.id]), {"action": "hide"}).status_code == 403
    assert not TopicChange.objects.exists()
