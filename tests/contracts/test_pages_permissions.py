"""Every page of the dashboard, found through the URL resolver: who may see it, and whose things it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.flows.api_keys import create_api_key
from accounts.flows.invitations import invite
from accounts.models import ApiKey, Invitation, Role, User
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import Feedback, ImportJob, LearntRule, Memory, MemoryRevision, SavedSearch, State, Tag
from memories.services.capture import capture_memory
from memories.services.feedback import give_feedback
from memories.services.revising import By, Change, edit_memory
from memories.services.saved_searches import save_search
from memories.tests.lessons import taught_rule
from personas.models import Persona
from personas.services import create_persona

pytestmark = pytest.mark.django_db

PUBLIC = {"accounts:login", "accounts:logout", "accounts:setup", "accounts:invitation", "health_live", "health_ready"}
POST_ONLY = {
    "memories:action",
    "memories:bulk",
    "memories:undo",
    "memories:feedback",
    "memories:feedback_withdraw",
    "memories:learnt_rule",
    "memories:trash_empty",
    "memories:import_cancel",
    "memories:import_resume",
    "memories:embedding_model_action",
    "accounts:api_key_revoke",
    "accounts:invitation_revoke",
}


def pages() -> Iterator[tuple[str, set[str]]]:
    """(name, its arguments) of every page; the API and Django's admin have tests of their own."""
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name and not pattern.name.endswith("alias") and not pattern.name.startswith("api"):
                yield pattern.name, set()
        elif isinstance(pattern, URLResolver) and pattern.app_name in ("memories", "accounts", "personas"):
            for inner in pattern.url_patterns:
                yield f"{pattern.app_name}:{getattr(inner, 'name', None)}", set(inner.pattern.converters)


PAGES = dict(pages())
OBJECT_PAGES = [name for name, arguments in PAGES.items() if any(a.endswith("_id") for a in arguments)]


@pytest.fixture
def things(owner: User) -> dict[str, Any]:
    """One of each thing that an address can name, all of them Alice's."""
    draft = MemoryDraft(
        content="Alice's memory", kind="turn", tags=("t",), conversation=ConversationRef(external_id="c", title="Talk")
    )
    memory = capture_memory(owner=owner, draft=draft).memory
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="Alice's edit"), by=By(owner))
    job = ImportJob(owner=owner, state=ImportJob.State.DONE)
    job.filename = "chats.zip"
    job.save()
    return {
        "memory_id": memory.id,
        "number": 1,
        "conversation_id": memory.conversation_id,
        "tag_id": memory.tags.get().id,
        "job_id": job.id,
        "persona_id": create_persona(owner=owner, name="Work").id,
        "key_id": create_api_key(owner=owner, name="k", scopes=["read"])[0].id,
        "invitation_id": invite(by=owner)[0].id,
        "feedback_id": give_feedback(owner=owner, memory_id=memory.id, verdict="useful").id,
        "rule_id": taught_rule(owner, memory.id).id,
        "search_id": save_search(owner=owner, name="Alice's search", query="Alice").id,
        "model_name": "all-MiniLM-L6-v2",
        "token": "nonsense",
    }


def address(name: str, things: dict[str, Any]) -> str:
    return reverse(name, kwargs={argument: things[argument] for argument in PAGES[name]})


def test_the_resolver_gave_the_pages() -> None:
    assert len(PAGES) > 30 and len(OBJECT_PAGES) >= 12


@pytest.mark.parametrize("name", sorted(set(PAGES) - PUBLIC))
def test_strangers_are_sent_to_sign_in(name: str, things: dict[str, Any]) -> None:
    for method in ("get", "post"):
        response = getattr(Client(), method)(address(name, things))
        assert response.status_code == 302 and response["Location"].startswith("/account/login/")


@pytest.mark.parametrize("name", sorted(set(PAGES) - PUBLIC - POST_ONLY))
def test_the_owner_sees_every_page(
    name: str, things: dict[str, Any], owner: User, client_for: Callable[[User], Client]
) -> None:
    response: Any = client_for(owner).get(address(name, things))
    assert response.status_code == 200
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert content


@pytest.mark.parametrize("name", OBJECT_PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_someone_elses_thing_does_not_exist(
    name: str, method: str, things: dict[str, Any], other: User, client_for: Callable[[User], Client]
) -> None:
    before = list(Memory.objects.values())
    response = getattr(client_for(other), method)(address(name, things), {"action": "delete", "confirmed": "1"})
    refused = response.status_code == 405 and (name in POST_ONLY) == (method == "get")
    assert refused or response.status_code == 404
    assert b"Alice" not in response.content
    assert list(Memory.objects.values()) == before


@pytest.mark.parametrize("name", OBJECT_PAGES)
def test_an_unknown_thing_does_not_exist(
    name: str, things: dict[str, Any], owner: User, client_for: Callable[[User], Client]
) -> None:
    unknown = {key: uuid4() if isinstance(value, UUID) else value for key, value in things.items()}
    method = "post" if name in POST_ONLY else "get"
    assert getattr(client_for(owner), method)(address(name, unknown), {"action": "pin"}).status_code == 404


@pytest.mark.parametrize("name", sorted(POST_ONLY))
def test_a_link_cannot_change_anything(
    name: str, things: dict[str, Any], owner: User, client_for: Callable[[User], Client]
) -> None:
    assert client_for(owner).get(address(name, things)).status_code == 405


# What stays one's own with any role: the profile, the password, and making keys and links of one's own worthless.
OWN = {
    "accounts:account",
    "accounts:password",
    "accounts:api_keys",
    "accounts:api_key_revoke",
    "accounts:invitation_revoke",
}


@pytest.mark.parametrize("name", sorted(set(PAGES) - PUBLIC - OWN))
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_a_viewer_changes_nothing(
    name: str, headers: dict[str, str], things: dict[str, Any], owner: User, client_for: Callable[[User], Client]
) -> None:
    bin_draft = MemoryDraft(content="In the bin")
    Memory.objects.filter(id=capture_memory(owner=owner, draft=bin_draft).memory.id).update(state=State.DELETED)
    User.objects.filter(pk=owner.pk).update(role=Role.VIEWER)
    owner.refresh_from_db()
    before = _everything()
    for action in ("archive", "delete", "rename", "tags", "pin"):
        data = {
            "action": action,
            "confirmed": "1",
            "content": "changed",
            "name": "changed",
            "tags": "changed",
            "query": "changed",
        }
        ids = {"ids": [things["memory_id"]], "keep": things["memory_id"], "tag": "changed"}
        response = client_for(owner).post(address(name, things), data | ids, headers=headers)
        assert response.status_code < 500
    assert _everything() == before


def _everything() -> list[list[dict[str, Any]]]:
    models: tuple[Any, ...] = (
        Memory,
        MemoryRevision,
        Tag,
        Persona,
        ImportJob,
        ApiKey,
        Invitation,
        Feedback,
        LearntRule,
        SavedSearch,
    )
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("name", sorted(set(PAGES) - PUBLIC - POST_ONLY - {"memories:export_download"}))
def test_every_page_has_a_title_and_one_heading(
    name: str, things: dict[str, Any], owner: User, client_for: Callable[[User], Client]
) -> None:
    body = client_for(owner).get(address(name, things), {"ids": things["memory_id"]}).content.decode()
    title = body.partition("<title>")[2].partition("</title>")[0]
    assert title.endswith(" · MEMSHADOW") and title.partition(" · ")[0].strip()
    assert body.count("<h1") == 1


def test_forms_without_their_token_are_refused(things: dict[str, Any], owner: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    assert strict.post(reverse("memories:create"), {"content": "forged"}).status_code == 403
    assert not any(m.content == "forged" for m in Memory.objects.all())


@pytest.mark.parametrize("name", ["home", "memories:library", "memories:search", "memories:conversations"])
def test_pages_cost_a_constant_number_of_queries(
    name: str, owner: User, client_for: Callable[[User], Client], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client, url = client_for(owner), reverse(name) + "?q=note"

    def remember(count: int, label: str) -> None:
        for n in range(count):
            chat = ConversationRef(external_id=f"{label}{n}", title=f"note {n}")
            draft = MemoryDraft(content=f"note {label} {n}", kind="turn", tags=(f"t{n % 3}",), conversation=chat)
            capture_memory(owner=owner, draft=draft)

    remember(4, "first")
    client.get(url)
    with django_assert_max_num_queries(60) as few:
        client.get(url)
    remember(25, "second")
    with django_assert_max_num_queries(len(few)):
        assert client.get(url).status_code == 200


def test_the_policy_allows_nothing_inline(owner: User, client_for: Callable[[User], Client]) -> None:
    response = client_for(owner).get("/")
    policy = response["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "default-src 'none'" in policy
    for mark in (b" style=", b"<style", b" onclick=", b"<script>"):
        assert mark not in response.content
