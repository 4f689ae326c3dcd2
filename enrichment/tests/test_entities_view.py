"""The pages of entities, without a script: found, read, corrected; and memories with their words marked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from enrichment.models import Entity, EntityChange
from enrichment.tests.naming_people import entity, meant, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


def html(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(reverse(f"enrichment:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_finds_by_name_and_kind(owner: User, client: Client) -> None:
    assert "Nobody and nothing yet" in html(client, "entities")
    told(owner, "[Anna Schmidt] saw [place:Berlin].")
    assert all(name in html(client, "entities") for name in ("Anna Schmidt", "Berlin", "Person (1)"))
    assert "Anna Schmidt" not in html(client, "entities", kind="place")
    assert "Berlin" not in html(client, "entities", q="schmidt", kind="person").partition('id="entities"')[2]
    assert "Nothing of that name" in html(client, "entities", q="zzz")


def test_a_page_shows_sentences_names_and_company(owner: User, client: Client) -> None:
    told(owner, "Rain. [Anna Schmidt] saw [place:Berlin]. Fine.")
    told(owner, "[Anna] left.")
    page = html(client, "entity", entity(owner, "Anna").id)
    assert "<mark>Anna Schmidt</mark> saw Berlin." in page and "<mark>Anna</mark> left." in page
    assert "the given name alone" in page and ">Berlin</a>" in page and "in 2 memories" in page


def test_everything_is_corrected_by_plain_forms(owner: User, client: Client) -> None:
    memory = told(owner, "[Anna] met [Mum].")
    anna, mum = entity(owner, "Anna"), entity(owner, "Mum")
    url = reverse("enrichment:entity_change", args=[anna.id])
    client.post(url, {"action": "merge", "others": str(mum.id)})
    assert meant(memory) == ["Anna", "Anna"]
    client.post(url, {"action": "rename", "name": "My mother"})
    client.post(url, {"action": "kind", "kind": "group"})
    anna.refresh_from_db()
    assert (anna.name, anna.kind) == ("My mother", "group")
    client.post(url, {"action": "hide"})
    assert "My mother" in html(client, "hidden_entities") and "My mother" not in html(client, "entities")
    assert "marked nowhere" in html(client, "entity", anna.id)
    for change in EntityChange.objects.order_by("-at"):
        client.post(reverse("enrichment:entity_undo", args=[change.id]))
    assert meant(memory) == ["Anna", "Mum"] and not Entity.objects.filter(is_hidden=True).exists()


def test_a_mistake_is_explained_and_changes_nothing(owner: User, client: Client) -> None:
    told(owner, "[Anna] came.")
    url = reverse("enrichment:entity_change", args=[entity(owner, "Anna").id])
    page = client.post(url, {"action": "merge"}, follow=True).content.decode()
    assert "Choose another entity" in page and EntityChange.objects.count() == 0


def test_a_memory_s_words_lead_to_what_they_name(owner: User, client: Client) -> None:
    memory = told(owner, "[Anna] met **[Ben]**; see [[Anna]](https://example.org). `[identifier:get_name]` & Annabel")
    page = client.get(reverse("memories:detail", args=[memory.id])).content.decode()
    link = reverse("enrichment:entity", args=[entity(owner, "Ben").id])
    assert f'<strong><a class="entity" href="{link}">Ben</a></strong>' in page
    assert page.count('<a class="entity"') == 3 and "Named in it" in page and "Annabel" in page
    memory.content = "Somebody else came since."
    memory.save()
    page = client.get(reverse("memories:detail", args=[memory.id])).content.decode()
    assert 'class="entity"' not in page and "Named in it" not in page


def test_a_viewer_reads_and_corrects_nothing(other: User, client_for: Callable[[User], Client]) -> None:
    told(other, "[Anna] came.")
    User.objects.filter(id=other.id).update(role=Role.VIEWER)
    row, client = entity(other, "Anna"), client_for(User.objects.get(id=other.id))
    page = client.get(reverse("enrichment:entity", args=[row.id]))
    assert page.status_code == 200 and b"Correct it" not in page.content
    assert client.post(reverse("enrichment:entity_change", args=[row.id]), {"action": "hide"}).status_code == 403
    assert EntityChange.objects.count() == 0
