"""Without a script, what cannot be undone asks on a page first, and the answer carries everything that was sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.flows.api_keys import create_api_key
from accounts.flows.invitations import invite
from accounts.models import ApiKey, Invitation, User
from memories.drafts import MemoryDraft
from memories.models import Memory, State, Tag
from memories.services.capture import capture_memory
from personas.models import Persona
from personas.services import create_persona

pytestmark = pytest.mark.django_db
Case = tuple[str, dict[str, Any], type[Model]]


def _key(owner: User) -> Case:
    key, _ = create_api_key(owner=owner, name="laptop", scopes=["memories:read"])
    return reverse("accounts:api_key_revoke", args=[key.id]), {}, ApiKey


def _invitation(owner: User) -> Case:
    return reverse("accounts:invitation_revoke", args=[invite(by=owner)[0].id]), {}, Invitation


def _tag(owner: User) -> Case:
    tag = capture_memory(owner=owner, draft=MemoryDraft(content="x", tags=("t",))).memory.tags.get()
    return reverse("memories:tag", args=[tag.id]), {"action": "delete"}, Tag


def _persona(owner: User) -> Case:
    persona = create_persona(owner=owner, name="Work")
    return reverse("personas:edit", args=[persona.id]), {"action": "delete"}, Persona


def _trash(owner: User) -> Case:
    memory = capture_memory(owner=owner, draft=MemoryDraft(content="x")).memory
    Memory.objects.filter(id=memory.id).update(state=State.DELETED)
    return reverse("memories:trash_empty"), {}, Memory


CASES = {"key": _key, "invitation": _invitation, "tag": _tag, "persona": _persona, "trash": _trash}


@pytest.mark.parametrize("name", CASES)
def test_it_asks_first_and_does_it_then(name: str, owner: User, client_for: Callable[[User], Client]) -> None:
    url, sent, model = CASES[name](owner)
    client, before = client_for(owner), list(model._default_manager.values())
    asked = client.post(url, sent)
    page = asked.content.decode()
    assert asked.status_code == 200 and f'action="{url}"' in page and "Cancel" in page
    assert list(model._default_manager.values()) == before

    main = page.partition("<main")[2].partition("</main>")[0]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main))
    assert fields.pop("confirmed") == "1" and fields.items() >= sent.items()
    done = client.post(url, fields | {"confirmed": "1"})
    assert done.status_code == 302
    assert list(model._default_manager.values()) != before
    assert client.get(done["Location"]).status_code == 200
