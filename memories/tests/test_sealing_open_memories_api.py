"""Sealing what was in the open: afterwards nothing that the server holds, decrypted by all its keys, tells the text."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import AuditEvent, User
from memories.drafts import ConversationRef, MemoryDraft
from memories.exporters import personal_data
from memories.models import LearntRule, Memory, MemoryRevision, SearchEntry
from memories.services.acronyms import learn_acronyms
from memories.services.capture import capture_memory
from memories.services.revising import By, Change, edit_memory
from memories.tests.test_sealed_api import opened, sealed, vectors_of
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db

OLD = "The Wombat Observation Group (WOG) meets at the lighthouse"
NEW = "The Wombat Observation Group (WOG) meets at the windmill"
TELLING = ("wombat", "lighthouse", "windmill", "wog", "zebedee", "axolotl", "platypus")


def everything(owner: User) -> str:
    """What the server holds of a person, decrypted: their own download, without the archive's packing."""
    archive = zipfile.ZipFile(io.BytesIO(b"".join(personal_data(owner).chunks)))
    return "\n".join(archive.read(name).decode() for name in archive.namelist()).casefold()


def told(api: ApiClient, owner: User, **more: Any) -> dict[str, Any]:
    """An open memory with all that can hang on one: versions, author, metadata, tags and a place in a conversation."""
    draft = MemoryDraft(
        OLD,
        kind="turn",
        author="Zebedee",
        metadata={"title": "axolotl"},
        tags=("club",),
        external_id="m1",
        source="import:chatgpt",
        conversation=ConversationRef("chat-1", title="Clubs"),
    )
    memory = capture_memory(owner=owner, draft=draft).memory
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content=NEW), by=By(owner, reason="platypus"))
    shown: dict[str, Any] = api.get(f"/memories/{memory.id}").json()
    return shown


def sealing(shown: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"ciphertext": sealed(NEW), "updated_at": shown["updated_at"], **changes}


def lexemes_counted() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(chunks), 0) FROM memories_lexeme")
        return int(cursor.fetchone()[0])


def test_nothing_of_the_text_is_left(owner: User, index_all: Callable[[], int]) -> None:
    api = ApiClient(owner)
    shown = told(api, owner)
    capture_memory(owner=owner, draft=MemoryDraft("The World Of Games (WOG) opens; WOG is another thing here"))
    index_all()
    learn_acronyms()
    before = everything(owner)
    assert not [word for word in TELLING if word not in before], "the test would prove nothing"
    assert LearntRule.objects.exists()
    made = api.post(f"/memories/{shown['id']}/seal", sealing(shown, embedding=vectors_of(NEW)))
    assert made.status_code == 200, made.content
    index_all()
    learn_acronyms()
    got = api.get(f"/memories/{shown['id']}").json()
    assert opened(got["ciphertext"]) == NEW and (got["sealed"], got["content"], got["author"]) == (True, "", "")
    kept = (
        "id",
        "kind",
        "role",
        "tags",
        "conversation",
        "persona",
        "source",
        "external_id",
        "occurred_at",
        "created_at",
    )
    assert {name: got[name] for name in kept} == {name: shown[name] for name in kept}
    assert (got["metadata"], got["revision_count"]) == ({}, 0)
    after = everything(owner)
    assert [word for word in TELLING if word in after] == ["wog"]  # the other memory's own
    assert not MemoryRevision.objects.exists() and got["language"] == "und"
    (row,) = SearchEntry.objects.filter(memory_id=shown["id"])
    assert (row.sealed, row.words, row.lexemes, bytes(row.term_counts)) == (True, 0, "", b"")
    assert api.post("/search", {"q": "windmill", "arms": ["lexical"]}).json()["items"] == []
    near = api.post("/search", {"q": "When do the wombat watchers meet?", "filters": {"sealed": True}}).json()["items"]
    assert [hit["memory"]["id"] for hit in near] == [shown["id"]]
    assert AuditEvent.objects.filter(action="memory.sealed", object_id=shown["id"]).count() == 1


def test_words_and_lessons_are_counted_out(owner: User, index_all: Callable[[], int]) -> None:
    api = ApiClient(owner)
    shown = told(api, owner)
    index_all()
    learn_acronyms()
    assert lexemes_counted() and LearntRule.objects.count() == 1
    assert api.post(f"/memories/{shown['id']}/seal", sealing(shown)).status_code == 200
    index_all()
    assert lexemes_counted() == 0 and not LearntRule.objects.exists()
    assert not SearchEntry.objects.exists() and api.get("/sealed").json()["without_vectors"] == 1


def test_an_import_knows_it_still_and_does_not_bring_the_text_back(owner: User) -> None:
    api = ApiClient(owner)
    shown = told(api, owner)
    api.post(f"/memories/{shown['id']}/seal", sealing(shown))
    draft = MemoryDraft(OLD, kind="turn", external_id="m1", source="import:chatgpt",
                        conversation=ConversationRef("chat-1"))  # fmt: skip
    again = capture_memory(owner=owner, draft=draft)
    assert not again.created and str(again.memory.id) == shown["id"] and "wombat" not in everything(owner)
    plain = api.post("/memories", {"content": "plain"}).json()
    api.post(f"/memories/{plain['id']}/seal", sealing(plain, ciphertext=sealed("plain")))
    fingerprints = {bytes(memory.fingerprint) for memory in Memory.objects.all()}
    assert api.post("/memories", {"content": "plain"}).status_code == 201  # not even whether it was this text is known
    assert len(fingerprints) == 2


def test_what_is_refused_changes_nothing(owner: User, other: User) -> None:
    api = ApiClient(owner)
    shown = told(api, owner)
    place, body = f"/memories/{shown['id']}/seal", sealing(shown)
    refusals = [
        (api, sealing(shown, updated_at="2020-01-01T00:00:00Z"), 409),
        (api, sealing(shown, ciphertext="in the open"), 422),
        (api, sealing(shown, embedding={"embedding_model": "another", "vectors": [[0.1] * 384]}), 409),
        (api, {"ciphertext": body["ciphertext"]}, 422),
        (ApiClient(owner, scopes=("memories:read", "memories:write")), body, 403),
        (ApiClient(other), body, 404),
    ]
    for client, asked, status in refusals:
        answer = client.post(place, asked)
        assert answer.status_code == status, (json.loads(answer.content), status)
    assert api.get(f"/memories/{shown['id']}").json() == shown and MemoryRevision.objects.count() == 1
    assert api.post(place, body).status_code == 200
    assert api.post(place, sealing(api.get(f"/memories/{shown['id']}").json())).status_code == 409
