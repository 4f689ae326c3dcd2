"""Acting in a space, on pages and through the API: its memories, its roles, the person's name, and the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_script_prefix

from accounts.models import AuditEvent, User
from accounts.spaces.acting import HEADER
from accounts.spaces.making import create_space
from accounts.spaces.membership import Membership
from accounts.spaces.sharing import share_with_person, unshare
from memories.drafts import MemoryDraft
from memories.models import Memory, MemoryRevision, State
from memories.services.capture import capture_memory
from tests.api_client import ApiClient
from tests.mcp_client import McpClient

pytestmark = pytest.mark.django_db
OWN, SHARED = "Bobs secretquokka", "Sharedwombat by the stove"


@pytest.fixture
def manager(owner: User, other: User) -> Membership:
    """Alice, in whose space there is one memory; Bob has one of his own."""
    made = create_space(by=owner, name="Family")
    capture_memory(owner=made.space.owner, draft=MemoryDraft(content=SHARED))
    capture_memory(owner=other, draft=MemoryDraft(content=OWN))
    return made


def at(membership: Membership, path: str) -> str:
    return f"/in/{membership.space.id}{path}"


def let_in(manager: Membership, person: User, role: str) -> Any:
    return share_with_person(manager=manager, email=person.email, role=role)


def test_pages_show_the_spaces_memories_and_link_within_it(
    manager: Membership, other: User, client_for: Callable[[User], Client], index_all: Callable[[], int]
) -> None:
    let_in(manager, other, "reader")
    index_all()
    Memory.objects.filter(owner=other).update(state=State.DELETED)
    client = client_for(other)
    for path in ("/", "/library/", "/search/?q=wombat"):
        page = client.get(at(manager, path)).content.decode()
        assert SHARED in page and OWN not in page, path
        assert f'href="/in/{manager.space.id}/library/"' in page and 'href="/library/"' not in page, path
        assert "Family" in page and 'href="/"' in page, "the way back to their own"
    assert b"Memories in the trash" not in client.get(at(manager, "/")).content
    own = client.get("/").content.decode()
    assert f'href="/in/{manager.space.id}/"' in own and 'href="/library/"' in own and SHARED not in own
    assert client.get("/").context["nav_counts"]["trash"] == 1
    assert client.get(at(manager, "/")).context["nav_counts"]["trash"] == 0
    assert get_script_prefix() == "/"


def test_a_reader_reads_and_an_editor_writes_in_their_own_name(
    manager: Membership, other: User, client_for: Callable[[User], Client]
) -> None:
    share = let_in(manager, other, "reader")
    memory = Memory.objects.get(owner=manager.space.owner)
    client, new = client_for(other), {"content": "From Bob", "tags": "x"}
    assert client.post(at(manager, "/memories/new/"), new).status_code == 403
    assert client.post(at(manager, f"/memories/{memory.id}/edit/"), {"content": "taken over"}).status_code == 403
    page = client.get(at(manager, "/")).content.decode()
    assert "You are a reader of this space" in page and "capture-form" not in page
    assert Memory.objects.filter(owner=manager.space.owner).count() == 1 and not MemoryRevision.objects.exists()

    share.role = "editor"
    share.save()
    answer = client.post(at(manager, "/memories/new/"), new)
    made = Memory.objects.get(owner=manager.space.owner, source="dashboard")
    assert (answer.status_code, answer["Location"]) == (302, at(manager, f"/memories/{made.id}/"))
    assert made.captured_by == other
    assert f"<dt>By</dt><dd>{other}</dd>" in client.get(at(manager, f"/memories/{made.id}/")).content.decode()
    assert client.post(at(manager, f"/memories/{memory.id}/edit/"), {"content": "By Bob now"}).status_code == 302
    assert {revision.actor for revision in MemoryRevision.objects.filter(owner=manager.space.owner)} == {other}
    client.post(at(manager, f"/memories/{made.id}/action/"), {"action": "delete"})
    client.post(at(manager, "/trash/empty/"), {"confirmed": "1"})
    assert AuditEvent.objects.get(action="memory.erased").actor_id == other.id
    assert Memory.objects.filter(owner=other).count() == 1


def test_whoever_is_in_it_no_more_is_refused_at_once_and_led_home(
    manager: Membership, other: User, client_for: Callable[[User], Client]
) -> None:
    share = let_in(manager, other, "editor")
    client, api = client_for(other), ApiClient(other, ("*",)).client
    header = {HEADER: str(manager.space.id)}
    assert client.get(at(manager, "/library/")).status_code == 200
    assert api.get("/api/v1/memories", headers=header).json()["items"][0]["content"] == SHARED
    unshare(manager=manager, share_id=share.id)
    answer = client.get(at(manager, "/library/"))
    assert answer.status_code == 404 and b'href="/search/"' in answer.content
    assert client.post(at(manager, "/memories/new/"), {"content": "late"}).status_code == 404
    assert api.get("/api/v1/memories", headers=header).status_code == 404
    assert not Memory.objects.exclude(owner__in=[other, manager.space.owner]).exists()
    assert Memory.objects.filter(owner=other).count() == 1, "nothing lands in their own instead"


def test_what_is_about_a_person_is_at_their_own_address(
    manager: Membership, client_for: Callable[[User], Client]
) -> None:
    client = client_for(manager.person)
    elsewhere = (
        "/account/api-keys/",
        "/account/",
        "/webhooks/?cursor=",
        "/embedding-models/",
        "/admin/",
        "/health/live",
    )
    for path in elsewhere:
        answer = client.get(at(manager, path))
        assert (answer.status_code, answer["Location"]) == (302, path)
    assert client.post(at(manager, "/api/v1/memories"), {}).status_code == 404
    assert client.post(at(manager, "/mcp"), {}).status_code == 404
    assert client.post(at(manager, "/account/logout/"))["Location"] == "/account/login/"
    anonymous = Client().get(at(manager, "/library/"))
    assert anonymous["Location"] == f"/account/login/?next={at(manager, '/library/')}"


def test_programs_say_the_space_in_a_header(manager: Membership, other: User) -> None:
    let_in(manager, other, "reader")
    client, header = ApiClient(other, ("*",)).client, {HEADER: str(manager.space.id)}
    assert client.get("/api/v1/me", headers=header).json()["space"] == {
        "id": str(manager.space.id),
        "name": "Family",
        "role": "reader",
    }
    assert client.get("/api/v1/me", headers=header).json()["email"] == other.email
    assert client.get("/api/v1/me").json()["space"] is None
    body: dict[str, Any] = {"data": '{"content": "x"}', "content_type": "application/json"}
    answer = client.post("/api/v1/memories", headers=header, **body)
    assert answer.status_code == 403 and "ask its manager" in answer.json()["detail"]
    for refused in ("/api/v1/api-keys", "/api/v1/webhooks", "/api/v1/personal-data", "/api/v1/audit"):
        assert HEADER in client.get(refused, headers=header).json()["detail"], refused
    for unknown in ("", str(uuid4()), "Family", str(manager.person.id)):
        assert client.get("/api/v1/memories", headers={HEADER: unknown}).status_code == 404
    assert client.post("/v1/chat/completions", headers=header, **body).status_code == 400


def test_agents_say_it_too(manager: Membership, other: User, index_all: Callable[[], int]) -> None:
    index_all()
    let_in(manager, other, "reader")
    agent = McpClient(other)
    agent.client.defaults["HTTP_X_MEMSHADOW_SPACE"] = str(manager.space.id)
    found = agent.call("search_memories", query="by the stove")
    assert SHARED in str(found) and OWN not in str(found)
    assert "In this space you can only read" in agent.refusal("add_memory", content="x")
    assert Memory.objects.filter(owner=manager.space.owner).count() == 1
