"""The memory pages as a person uses them: what the form says is what the row becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import ImportJob, Memory, State, Tag
from memories.services.capture import capture_memory

pytestmark = pytest.mark.django_db
HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


@pytest.fixture
def memory(owner: User) -> Memory:
    return capture_memory(owner=owner, draft=MemoryDraft(content="# Title\n\nThe *first* text.", tags=("one",))).memory


def test_the_capture_box_stores_a_note(client: Client) -> None:
    response = client.post(reverse("memories:create"), {"content": "Remember the milk", "tags": "home, #list"})
    memory = Memory.objects.get()
    assert response.status_code == 302 and str(memory.id) in response["Location"]
    assert (memory.content, memory.source) == ("Remember the milk", "dashboard")
    assert sorted(tag.name for tag in memory.tags.all()) == ["home", "list"]


def test_the_capture_box_with_htmx_answers_with_fragments(client: Client) -> None:
    response = client.post(reverse("memories:create"), {"content": "Quick note", "tags": ""}, **HTMX)
    body = response.content.decode()
    assert "<html" not in body and 'id="capture"' in body and 'id="recent"' in body and "Quick note" in body
    assert Memory.objects.count() == 1


def test_an_empty_note_is_refused_and_nothing_saved(client: Client) -> None:
    response = client.post(reverse("memories:create"), {"content": "  \n", "tags": "x"})
    assert response.status_code == 200 and b"needs some text" in response.content
    assert not Memory.objects.exists() and not Tag.objects.exists()


def test_a_viewer_is_told_and_nothing_saved(viewer: User, client_for: Callable[[User], Client]) -> None:
    response = client_for(viewer).post(reverse("memories:create"), {"content": "x"})
    assert b"A viewer can only read" in response.content
    assert not Memory.objects.exists()


def test_the_page_shows_safe_markdown(client: Client, owner: User) -> None:
    hostile = capture_memory(
        owner=owner, draft=MemoryDraft(content="**bold** <script>alert(1)</script> [x](javascript:alert(1))")
    ).memory
    body = client.get(reverse("memories:detail", args=[hostile.id])).content.decode()
    assert "<strong>bold</strong>" in body
    assert "<script>alert" not in body and 'href="javascript' not in body


def test_an_edit_is_saved_with_its_reason_and_undone(client: Client, memory: Memory) -> None:
    client.post(
        reverse("memories:edit", args=[memory.id]),
        {"content": "The second text.", "tags": "one, two", "importance": "0.8", "reason": "better"},
    )
    changed = Memory.objects.get(id=memory.id)
    assert (changed.content, changed.importance, changed.revision_count) == ("The second text.", 0.8, 1)
    assert changed.occurred_at == memory.occurred_at
    history = client.get(reverse("memories:history", args=[memory.id])).content.decode()
    assert "better" in history and "<ins" in history and "<del" in history
    client.post(reverse("memories:undo", args=[memory.id, 1]))
    assert Memory.objects.get(id=memory.id).content == "# Title\n\nThe *first* text."


def test_an_edit_to_nothing_is_refused(client: Client, memory: Memory) -> None:
    response = client.post(reverse("memories:edit", args=[memory.id]), {"content": "", "tags": ""})
    assert response.status_code == 200
    assert Memory.objects.get(id=memory.id).revision_count == 0


@pytest.mark.parametrize(
    ("action", "state"), [("archive", State.ARCHIVED), ("delete", State.DELETED), ("restore", State.ACTIVE)]
)
def test_actions_change_the_state(client: Client, memory: Memory, action: str, state: str) -> None:
    client.post(reverse("memories:action", args=[memory.id]), {"action": action})
    assert Memory.objects.get(id=memory.id).state == state


def test_an_action_with_htmx_offers_the_way_back(client: Client, memory: Memory) -> None:
    response = client.post(reverse("memories:action", args=[memory.id]), {"action": "archive"}, **HTMX)
    body = response.content.decode()
    assert f'id="memory-{memory.id}"' in body and 'value="restore"' in body
    assert Memory.objects.get(id=memory.id).state == State.ARCHIVED


def test_an_unknown_action_changes_nothing_and_says_so(client: Client, memory: Memory) -> None:
    response = client.post(reverse("memories:action", args=[memory.id]), {"action": "explode"})
    assert response.status_code == 422 and b"action is one of" in response.content
    assert Memory.objects.get(id=memory.id).state == State.ACTIVE


def test_a_memory_that_could_not_be_indexed_can_be_tried_again(client: Client, memory: Memory) -> None:
    Memory.objects.update(index_state="failed", index_error="RuntimeError", index_attempts=5)
    page = client.get(reverse("memories:detail", args=[memory.id])).content
    assert b"RuntimeError" in page and b"Try again" in page
    client.post(reverse("memories:action", args=[memory.id]), {"action": "reindex"})
    again = Memory.objects.get(id=memory.id)
    assert (again.index_state, again.index_attempts, again.index_error) == ("pending", 0, "")


def test_the_library_filters_by_the_address(client: Client, memory: Memory, owner: User) -> None:
    capture_memory(owner=owner, draft=MemoryDraft(content="Another fact", kind="fact"))
    url = reverse("memories:library")
    assert b"Another fact" in client.get(url).content
    assert b"Another fact" not in client.get(url, {"tag": "one"}).content
    assert b"Another fact" in client.get(url, {"kind": "fact"}).content
    assert b"Another fact" in client.get(url, {"q": "another"}).content
    assert b"Another fact" not in client.get(url, {"q": "first"}).content
    assert client.get(url, {"kind": "nonsense"}).status_code == 422
    assert client.get(url, {"persona": "nonsense"}).status_code == 422


def test_the_library_pages_without_losing_anything(client: Client, owner: User) -> None:
    for n in range(65):
        capture_memory(owner=owner, draft=MemoryDraft(content=f"entry-{n:03}"))
    seen, url = set[str](), reverse("memories:library")
    while url:
        response = client.get(url)
        cards = response.context["cards"]
        assert not seen & {str(card.id) for card in cards}
        seen |= {str(card.id) for card in cards}
        url = response.context["older_url"]
    assert len(seen) == 65


def test_partials_vary_by_the_header(client: Client, memory: Memory) -> None:
    whole = client.get(reverse("memories:library"))
    part = client.get(reverse("memories:library"), **HTMX)
    assert b"<html" in whole.content and b"<html" not in part.content
    assert "HX-Request" in whole["Vary"] and "HX-Request" in part["Vary"]


def test_bulk_actions_and_the_way_back(client: Client, memory: Memory, owner: User) -> None:
    two = capture_memory(owner=owner, draft=MemoryDraft(content="two")).memory
    data = {"ids": [memory.id, two.id], "action": "archive", "next": reverse("memories:library") + "?kind=note"}
    response = client.post(reverse("memories:bulk"), data)
    assert response["Location"].endswith("?kind=note")
    assert set(Memory.objects.values_list("state", flat=True)) == {State.ARCHIVED}
    evil = client.post(reverse("memories:bulk"), data | {"next": "https://evil.example/"})
    assert evil["Location"] == reverse("memories:library")


def test_bulk_tagging_and_merging(client: Client, memory: Memory, owner: User) -> None:
    two = capture_memory(owner=owner, draft=MemoryDraft(content="two")).memory
    client.post(reverse("memories:bulk"), {"ids": [memory.id, two.id], "action": "tag", "tag": "both"})
    assert Tag.objects.count() == 2 and two.tags.get().name == "both"
    chosen = client.post(reverse("memories:bulk"), {"ids": [memory.id, two.id], "action": "merge"})
    assert client.get(chosen["Location"]).status_code == 200
    client.post(reverse("memories:merge"), {"ids": [memory.id, two.id], "keep": memory.id})
    assert Memory.objects.get(id=two.id).state == State.SUPERSEDED


def test_the_trash_asks_before_it_erases(client: Client, memory: Memory) -> None:
    client.post(reverse("memories:action", args=[memory.id]), {"action": "delete"})
    asked = client.post(reverse("memories:trash_empty"))
    assert b"Erase for good" in asked.content and Memory.objects.exists()
    client.post(reverse("memories:trash_empty"), {"confirmed": "1"})
    assert not Memory.objects.exists()


def test_search_finds_explains_and_marks(client: Client, memory: Memory) -> None:
    body = client.get(reverse("memories:search"), {"q": "first", "explain": "1"}).content.decode()
    assert "<mark>first</mark>" in body and "Words" in body
    assert client.get(reverse("memories:search"), {"q": "first", "cursor": "junk"}).status_code == 200


def test_a_conversation_opens_at_a_memory(client: Client, owner: User) -> None:
    chat = ConversationRef(external_id="c", title="Long talk")
    turns = [
        capture_memory(
            owner=owner, draft=MemoryDraft(content=f"turn {n}", kind="turn", role="user", conversation=chat)
        ).memory
        for n in range(70)
    ]
    url = reverse("memories:conversation", args=[turns[0].conversation_id])
    assert b"turn 0" in client.get(url).content
    assert b"turn 69" in client.get(url, {"at": str(turns[69].id)}).content
    assert b"Long talk" in client.get(reverse("memories:conversations"), {"q": "long"}).content


def test_an_upload_starts_an_import(client: Client, settings: LazySettings, tmp_path: Path) -> None:
    settings.UPLOADS_DIR = tmp_path
    archive = json.dumps([{"role": "user", "content": "hi"}]).encode().replace(b"[{", b"{").replace(b"}]", b"}")
    response = client.post(reverse("memories:imports"), {"file": SimpleUploadedFile("chat.jsonl", archive)})
    job = ImportJob.objects.get()
    assert response["Location"] == reverse("memories:import_job", args=[job.id])
    page = client.get(response["Location"]).content.decode()
    assert "chat.jsonl" in page and 'hx-trigger="every 1s"' in page
    client.post(reverse("memories:import_cancel", args=[job.id]))
    job.refresh_from_db()
    assert job.state == ImportJob.State.CANCELLED


def test_a_file_that_is_nothing_is_explained(client: Client, settings: LazySettings, tmp_path: Path) -> None:
    settings.UPLOADS_DIR = tmp_path
    response = client.post(reverse("memories:imports"), {"file": SimpleUploadedFile("x.bin", bytes(range(256)) * 20)})
    assert response.status_code == 200 and b"Accepted:" in response.content
    assert not ImportJob.objects.exists() and list(tmp_path.iterdir()) == []


def test_an_export_downloads_and_is_audited(client: Client, memory: Memory) -> None:
    response: Any = client.get(reverse("memories:export_download"), {"format": "jsonl"})
    lines = b"".join(response.streaming_content).splitlines()
    assert str(memory.id).encode() in b"".join(lines)
    assert "attachment" in response["Content-Disposition"]
    assert AuditEvent.objects.filter(action="export.downloaded").count() == 1


def test_tags_are_renamed_merged_and_deleted(client: Client, memory: Memory) -> None:
    tag = memory.tags.get()
    client.post(reverse("memories:tag", args=[tag.id]), {"action": "rename", "name": "uno"})
    assert Tag.objects.get().name == "uno"
    client.post(reverse("memories:tag", args=[tag.id]), {"action": "delete", "confirmed": "1"})
    assert not Tag.objects.exists() and Memory.objects.exists()
