"""Every page of the dashboard, found through the URL resolver, as its owner sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import NOBODY
from accounts.models import User
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from tests.contracts.objects import objects_of
from tests.contracts.routes import pages

pytestmark = pytest.mark.django_db

POST_ONLY = {
    "enrichment:entity_change",
    "enrichment:pause",
    "enrichment:retry",
    "enrichment:entity_undo",
    "enrichment:fact_change",
    "enrichment:fact_undo",
    "enrichment:review_decide",
    "enrichment:topic_change",
    "enrichment:duplicate_decide",
    "enrichment:duplicate_policy",
    "enrichment:topic_undo",
    "enrichment:point_mark",
    "enrichment:proposal_decide",
    "memories:action",
    "memories:bulk",
    "memories:undo",
    "memories:context_verdict",
    "memories:feedback",
    "memories:feedback_withdraw",
    "memories:learnt_rule",
    "memories:trash_empty",
    "memories:webhook_action",
    "memories:gateway_server_action",
    "memories:gateway_limit_remove",
    "memories:delivery_replay",
    "memories:import_cancel",
    "memories:import_resume",
    "memories:embedding_model_action",
    "accounts:device_end",
    "accounts:devices_end_others",
    "accounts:signal_dismiss",
    "accounts:privacy_rotate_key",
    "accounts:privacy_consent",
    "accounts:privacy_erase",
    "accounts:privacy_keep",
    "accounts:privacy_hand_over",
    "accounts:api_key_revoke",
    "accounts:app_disconnect",
    "accounts:program_revoke",
    "accounts:invitation_revoke",
    "accounts:backup_codes",
    "accounts:factor_rename",
    "accounts:factor_remove",
    "accounts:person_reset_mfa",
    "accounts:space_offer",
    "accounts:space_offer_withdraw",
    "accounts:space_group",
    "accounts:space_role",
    "accounts:space_unshare",
    "accounts:space_leave",
    "accounts:space_delete",
    "accounts:space_keep",
    "accounts:offer_take_up",
    "accounts:offer_decline",
}


PAGES = {name: page for name, page in pages().items() if NOBODY not in page.needs}


@pytest.fixture
def things(owner: User) -> dict[str, Any]:
    """One of each thing that an address can name, all of them Alice's."""
    return objects_of(owner)


def address(name: str, things: dict[str, Any]) -> str:
    return reverse(name, kwargs={argument: things[argument] for argument in PAGES[name].parameters})


def test_the_owner_sees_every_page_with_a_title_and_one_heading(
    things: dict[str, Any], owner: User, client_for: Callable[[User], Client]
) -> None:
    client, titles = client_for(owner), set()
    for name in sorted(set(PAGES) - POST_ONLY - {"oauth:authorize"}):  # which asks nothing without an app's question
        response: Any = client.get(address(name, things), {"ids": things["memory_id"]})
        assert response.status_code == 200, name
        if not response["Content-Type"].startswith("text/html"):
            assert b"".join(response), name
            continue
        body = response.content.decode()
        title = body.partition("<title>")[2].partition("</title>")[0]
        assert title.endswith(" · MEMSHADOW") and title.partition(" · ")[0].strip(), name
        assert body.count("<h1") == 1, name
        titles.add(title)
    assert len(titles) > 20


def test_a_link_cannot_change_anything(
    things: dict[str, Any], owner: User, client_for: Callable[[User], Client]
) -> None:
    client = client_for(owner)
    for name in POST_ONLY:
        assert client.get(address(name, things)).status_code == 405, name


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
