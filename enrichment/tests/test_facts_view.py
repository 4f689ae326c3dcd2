"""Facts on the pages of entities and memories, and disagreeing without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrichment.models import FactVerdict
from enrichment.tests.naming_people import entity
from enrichment.tests.stating_facts import relation, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


def page(client: Client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_an_entity_s_page_has_what_is_true_and_what_was(owner: User, client: Client) -> None:
    told(owner, "Anna Schmidt lives in Berlin.", "2024-03-01")
    newer = told(owner, "Anna Schmidt moved to Rome.", "2025-02-01")
    told(owner, "Anna Schmidt might move to Paris.", "2025-03-01")
    anna = reverse("enrichment:entity", args=[entity(owner, "Anna Schmidt").id])
    html = page(client, anna)
    current, earlier, unsure = (html.index(word) for word in ("since 1 Feb 2025", "Earlier (1)", "might live in"))
    assert current < earlier < html.index("until 1 Feb 2025") < unsure
    assert "Ended by a newer fact: lives in Rome" in html and reverse("memories:detail", args=[newer.id]) in html
    told(owner, "Anna Schmidt's favourite colour is green.")
    assert "<strong>Anna Schmidt’s</strong> favourite colour is <strong>green</strong>" in page(client, anna)
    assert "“Anna Schmidt lives in Berlin.”" in html and "Possible, planned or wanted (1)" in html


def test_disagreeing_and_undoing_by_plain_forms(owner: User, client: Client) -> None:
    told(owner, "Anna Schmidt lives in Berlin.", "2024-03-01")
    told(owner, "Anna Schmidt moved to Rome.", "2025-02-01")
    anna = reverse("enrichment:entity", args=[entity(owner, "Anna Schmidt").id])
    rome, berlin = relation(owner, "Rome"), relation(owner, "Berlin")
    url = reverse("enrichment:fact_change", args=[rome.id])
    response = client.post(url, {"action": "reject", "next": anna}, follow=True)
    html = " ".join(response.content.decode().split())
    assert "it is wrong" in html and "You disagreed (1)" in html and "Earlier" not in html
    client.post(reverse("enrichment:fact_undo", args=[FactVerdict.objects.get().id]), {"next": anna})
    assert "Earlier (1)" in page(client, anna)
    client.post(reverse("enrichment:fact_change", args=[berlin.id]), {"action": "keep", "next": anna})
    assert "Earlier" not in page(client, anna)
    away = client.post(reverse("enrichment:fact_change", args=[rome.id]), {"next": "https://evil.example/"})
    assert away["Location"] == anna


def test_a_memory_s_page_has_what_it_states_and_what_it_ended(owner: User, client: Client) -> None:
    older = told(owner, "Anna Schmidt lives in Berlin.", "2024-03-01")
    newer = told(owner, "Anna Schmidt moved to Rome.", "2025-02-01")
    html = page(client, reverse("memories:detail", args=[newer.id]))
    assert "What it states" in html and html.index("What this ended") < html.index("“Anna Schmidt lives in Berlin.”")
    html = page(client, reverse("memories:detail", args=[older.id]))
    assert "Ended by a newer fact: lives in Rome" in html and "What this ended" not in html
    assert "What it states" not in page(client, reverse("memories:detail", args=[told(owner, "Hello!").id]))
