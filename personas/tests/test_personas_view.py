"""The persona pages: what the form says is what the row becomes, and a refusal saves nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from personas.models import Persona
from personas.services import create_persona

pytestmark = pytest.mark.django_db
LIST, CREATE = "personas:list", "personas:create"


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


@pytest.fixture
def work(owner: User) -> Persona:
    return create_persona(owner=owner, name="Work", description="The office")


def test_a_new_persona_is_listed(client: Client, owner: User) -> None:
    response = client.post(reverse(CREATE), {"name": "  Home ", "description": "Family"}, follow=True)
    persona = Persona.objects.get()
    assert (persona.owner, persona.name, persona.description) == (owner, "Home", "Family")
    body = response.content.decode()
    assert response.redirect_chain == [(reverse(LIST), 302)]
    assert "Home" in body and "Family" in body and "0 memories" in body and "The persona is made." in body


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "This field is required"), ("work", "You have a persona with this name"), ("x" * 81, "80")],
)
def test_a_bad_name_is_explained_and_nothing_saved(client: Client, work: Persona, name: str, message: str) -> None:
    response = client.post(reverse(CREATE), {"name": name, "description": "kept in the form"})
    assert response.status_code == 200
    assert message in response.content.decode() and "kept in the form" in response.content.decode()
    assert Persona.objects.count() == 1


def test_a_persona_is_renamed(client: Client, work: Persona) -> None:
    url = reverse("personas:edit", args=[work.id])
    assert b'value="Work"' in client.get(url).content
    assert client.post(url, {"name": "Job", "description": ""}).status_code == 302
    fresh = Persona.objects.get()
    assert (fresh.name, fresh.description) == ("Job", "")


def test_two_personas_cannot_share_a_name(client: Client, owner: User, work: Persona) -> None:
    other = create_persona(owner=owner, name="Home")
    response = client.post(reverse("personas:edit", args=[other.id]), {"name": "Work", "description": ""})
    assert b"You have a persona with this name" in response.content
    assert Persona.objects.get(id=other.id).name == "Home"


def test_the_memories_of_a_deleted_persona_stay(client: Client, owner: User, work: Persona) -> None:
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="meeting", persona_id=work.id)).memory
    assert b"1 memory" in client.get(reverse(LIST)).content
    client.post(reverse("personas:edit", args=[work.id]), {"action": "delete", "confirmed": "1"})
    assert not Persona.objects.exists()
    assert Memory.objects.get(id=memory.id).persona is None


def test_names_are_text_and_not_markup(client: Client) -> None:
    client.post(reverse(CREATE), {"name": "<b>bold</b>", "description": "<script>x</script>"})
    body = client.get(reverse(LIST)).content.decode()
    assert "&lt;b&gt;bold" in body and "<script>x" not in body


def test_a_viewer_sees_no_button_and_is_refused(viewer: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(viewer)
    assert reverse(CREATE) not in client.get(reverse(LIST)).content.decode().partition("<main")[2]
    assert client.post(reverse(CREATE), {"name": "x"}).status_code == 403
    assert not Persona.objects.exists()
