"""Sharing on pages: chosen, told what happens, confirmed, followed, taken back; and nothing of it for who may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Space, User
from accounts.spaces.making import create_space
from accounts.spaces.membership import Membership
from accounts.spaces.sharing import share_with_person
from memories.drafts import MemoryDraft
from memories.models import Memory, MemoryMove
from memories.services.capture import capture_memory
from memories.services.moving import move_pending
from personas.services import create_persona

pytestmark = pytest.mark.django_db
TEXT = "A wombat by the stove"


@pytest.fixture
def member(owner: User, other: User) -> Membership:
    """Alice in a space that Bob reads; in her own library one memory, of a persona and with a tag."""
    made = create_space(by=owner, name="Family")
    share_with_person(manager=made, email=other.email, role="reader")
    persona = create_persona(owner=owner, name="Work")
    capture_memory(owner=owner, draft=MemoryDraft(TEXT, tags=("home",), persona_id=persona.id))
    return made


def test_a_tag_is_shared_with_a_space_after_being_told_and_taken_back(
    member: Membership, owner: User, client_for: Callable[[User], Client]
) -> None:
    client, tag = client_for(owner), Memory.objects.get().tags.get()
    assert f'href="/tags/{tag.id}/share/"' in client.get(f"/tags/{tag.id}/").content.decode()
    chosen = {"space": str(member.space.id)}
    page = client.get(f"/tags/{tag.id}/share/").content.decode()
    assert "Family" in page and "Its 1 memory moves from your own library" in page
    asked = client.post(f"/tags/{tag.id}/share/", chosen).content.decode()
    assert "1 memory will no longer be in My own" in asked and "you, Bob" in asked and "You can take it back" in asked
    assert not MemoryMove.objects.exists(), "only asked"
    answer = client.post(f"/tags/{tag.id}/share/", {**chosen, "confirmed": "1"})
    move = MemoryMove.objects.get()
    assert answer["Location"] == f"/moves/{member.space.id}/{move.id}/"
    assert b"hx-trigger" in client.get(answer["Location"]).content
    move_pending()
    page = client.get(answer["Location"]).content.decode()
    assert "Into Family" in page and 'hx-trigger="every 1s"' not in page and "Done" in page
    assert Memory.objects.get().owner == member.space.owner
    assert "Into Family" in client.get("/moves/").content.decode()

    there = f"/in/{member.space.id}/tags/{Memory.objects.get().tags.get().id}/share/"
    asked = client.get(there).content.decode()
    assert "Take the memories of the tag “home” out of “Family”?" in asked
    answer = client.post(there, {"confirmed": "1"})
    assert answer["Location"].startswith(f"/moves/{member.space.id}/")
    move_pending()
    assert Memory.objects.get().owner == owner
    assert "Home from Family" in client.get(answer["Location"]).content.decode()


def test_a_persona_is_shared_with_a_new_space_that_is_made_only_then(
    member: Membership, owner: User, client_for: Callable[[User], Client]
) -> None:
    client, persona = client_for(owner), Memory.objects.get().persona
    assert persona is not None
    path = f"/personas/{persona.id}/share/"
    assert f'href="{path}"' in client.get(f"/personas/{persona.id}/").content.decode()
    assert "Give the space a name" in client.post(path, {"space": "", "name": " "}).content.decode()
    body = {"space": "", "name": "Office"}
    assert "“Office”" in client.post(path, body).content.decode() and Space.objects.count() == 1
    assert client.post(path, {**body, "confirmed": "1"}).status_code == 302
    move_pending()
    moved = Memory.objects.select_related("persona").get()
    assert Space.objects.get(id=moved.owner_id).name == "Office" and moved.persona is not None
    assert moved.persona.name == "Work"
    back = f"/moves/{moved.owner_id}/take-back/"
    assert f'href="{back}"' in client.get(f"/account/spaces/{moved.owner_id}/").content.decode()
    assert "1 memory will no longer be in the space" in client.get(back).content.decode()
    client.post(back, {"confirmed": "1"})
    move_pending()
    assert Memory.objects.get().persona == persona


def test_a_reader_and_a_stranger_move_nothing(
    member: Membership, other: User, staff: User, client_for: Callable[[User], Client]
) -> None:
    tag = Memory.objects.get().tags.get()
    capture_memory(owner=member.space.owner, draft=MemoryDraft("theirs", tags=("home",)))
    there = Memory.objects.get(owner=member.space.owner).tags.get()
    for person, status in ((other, 403), (staff, 404)):
        client = client_for(person)
        for path in (f"/in/{member.space.id}/tags/{there.id}/share/", f"/moves/{member.space.id}/take-back/"):
            assert client.post(path, {"confirmed": "1"}).status_code == status, path
        assert client.post(f"/tags/{tag.id}/share/", {"confirmed": "1"}).status_code == 404
    reader = client_for(other)
    own = capture_memory(owner=other, draft=MemoryDraft("Bob's", tags=("his",))).memory.tags.get()
    assert "Family" not in reader.get(f"/tags/{own.id}/share/").content.decode().split("<form")[-1]
    forced = reader.post(f"/tags/{own.id}/share/", {"space": str(member.space.id), "confirmed": "1"})
    assert "Select a valid choice" in forced.content.decode()
    assert "Take back" not in reader.get(f"/in/{member.space.id}/tags/{there.id}/").content.decode()
    assert not MemoryMove.objects.exists()
