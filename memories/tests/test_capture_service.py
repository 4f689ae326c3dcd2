"""Capture: what is accepted is committed once, exact duplicates meet, and a refusal stores nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import Conversation, IndexState, Memory, MemoryTag, SearchEntry, Tag
from memories.services.capture import capture_memories, capture_memory
from memshadow.lib.errors import MemshadowError, NotFound, PermissionRefused, TooLarge, ValidationFailed
from personas.services import create_persona

pytestmark = pytest.mark.django_db


def test_a_note_is_stored_with_everything_given(owner: User) -> None:
    persona = create_persona(owner=owner, name="Work")
    moment = datetime(2025, 3, 1, 10, tzinfo=UTC)
    draft = MemoryDraft(
        content="The launch is on Friday.\r\n",
        kind="fact",
        author="Ada",
        source="cli",
        external_id="n-1",
        persona_id=persona.id,
        tags=("#Launch", "launch", "work"),
        metadata={"a": [1, {"b": None}]},
        importance=0.9,
        pinned=True,
        occurred_at=moment,
    )
    captured = capture_memory(owner=owner, draft=draft)
    memory = Memory.objects.get()
    assert captured.created and captured.memory.id == memory.id
    assert (memory.content, memory.author, memory.kind) == ("The launch is on Friday.", "Ada", "fact")
    assert (memory.persona, memory.occurred_at, memory.pinned) == (persona, moment, True)
    assert memory.metadata == {"a": [1, {"b": None}]}
    assert sorted(tag.name for tag in memory.tags.all()) == ["Launch", "work"]
    assert memory.index_state == IndexState.PENDING
    assert SearchEntry.objects.filter(owner_id=owner.id, memory_id=memory.id).count() == 1


def test_an_exact_duplicate_counts_a_sighting_and_nothing_else(owner: User) -> None:
    first = capture_memory(owner=owner, draft=MemoryDraft(content="Buy  milk", source="cli"))
    again = capture_memory(owner=owner, draft=MemoryDraft(content="Buy milk\n", tags=("new",)))
    assert not again.created and again.memory.id == first.memory.id
    memory = Memory.objects.get()
    assert memory.sightings == 2
    assert memory.last_seen_at > first.memory.last_seen_at
    assert not MemoryTag.objects.exists()


def test_two_owners_share_nothing(owner: User, other: User) -> None:
    assert capture_memory(owner=owner, draft=MemoryDraft(content="same")).created
    assert capture_memory(owner=other, draft=MemoryDraft(content="same")).created
    assert Memory.objects.count() == 2


def test_the_same_words_twice_in_a_conversation_are_two_turns(owner: User) -> None:
    chat = ConversationRef(external_id="c1", title="Chat")
    drafts = [
        MemoryDraft(content="Yes", kind="turn", role="user", conversation=chat, external_id=f"m{n}") for n in range(3)
    ]
    assert [c.created for c in capture_memories(owner=owner, drafts=drafts)] == [True] * 3
    assert [c.created for c in capture_memories(owner=owner, drafts=drafts)] == [False] * 3
    assert Conversation.objects.get().title == "Chat"


def test_services_of_one_family_know_each_others_conversations(owner: User) -> None:
    chat = ConversationRef(external_id="c1")
    turn = MemoryDraft(content="Hi", kind="turn", external_id="m1", conversation=chat, source="import:chatgpt")
    capture_memory(owner=owner, draft=turn)
    assert not capture_memory(owner=owner, draft=replace(turn, source="extension:chatgpt")).created
    assert Conversation.objects.count() == 1


def test_duplicates_within_a_batch_meet_and_the_order_holds(owner: User) -> None:
    results = capture_memories(owner=owner, drafts=[MemoryDraft(content=text) for text in ("a", "b", "a")])
    assert [c.created for c in results] == [True, True, True] or [c.memory.content for c in results] == ["a", "b", "a"]
    assert results[0].memory.id == results[2].memory.id
    assert Memory.objects.count() == 2


@pytest.mark.parametrize(
    ("draft", "error", "field"),
    [
        (MemoryDraft(content=""), ValidationFailed, "content"),
        (MemoryDraft(content=" \n\t\x00"), ValidationFailed, "content"),
        (MemoryDraft(content="ä" * (512 * 1024 + 1)), TooLarge, "content"),
        (MemoryDraft(content="x", kind="thought"), ValidationFailed, "kind"),
        (MemoryDraft(content="x", role="robot"), ValidationFailed, "role"),
        (MemoryDraft(content="x", importance=1.5), ValidationFailed, "importance"),
        (MemoryDraft(content="x", importance=float("nan")), ValidationFailed, "importance"),
        (MemoryDraft(content="x", occurred_at=datetime(2025, 1, 1)), ValidationFailed, "occurred_at"),
        (MemoryDraft(content="x", tags=("ok", "")), ValidationFailed, "tags"),
        (MemoryDraft(content="x", tags=tuple(map(str, range(51)))), ValidationFailed, "tags"),
        (MemoryDraft(content="x", metadata={"k": "v" * 70_000}), TooLarge, "metadata"),
        (MemoryDraft(content="x", metadata={"k": float("nan")}), ValidationFailed, "metadata"),
        (MemoryDraft(content="x", source=""), ValidationFailed, "source"),
        (MemoryDraft(content="x", persona_id=uuid4()), ValidationFailed, "persona_id"),
        (MemoryDraft(content="x", conversation=ConversationRef()), ValidationFailed, "conversation"),
    ],
)
def test_bad_input_names_its_field_and_stores_nothing(
    owner: User, draft: MemoryDraft, error: type[MemshadowError], field: str
) -> None:
    with pytest.raises(error) as refused:
        capture_memories(owner=owner, drafts=[MemoryDraft(content="good", tags=("t",)), draft])
    assert refused.value.details["field"] == field
    assert not Memory.objects.exists() and not Tag.objects.exists() and not Conversation.objects.exists()


def test_someone_elses_persona_and_conversation_do_not_exist(owner: User, other: User) -> None:
    persona = create_persona(owner=other, name="Bob's")
    with pytest.raises(ValidationFailed):
        capture_memory(owner=owner, draft=MemoryDraft(content="x", persona_id=persona.id))
    turn = MemoryDraft(content="x", kind="turn", conversation=ConversationRef(external_id="c"))
    theirs = capture_memory(owner=other, draft=turn).memory.conversation_id
    with pytest.raises(NotFound):
        capture_memory(owner=owner, draft=MemoryDraft(content="x", conversation=ConversationRef(id=theirs)))
    assert not Memory.objects.filter(owner=owner).exists()


def test_a_viewer_captures_nothing(viewer: User) -> None:
    with pytest.raises(PermissionRefused):
        capture_memory(owner=viewer, draft=MemoryDraft(content="x"))


def test_a_batch_has_a_limit(owner: User) -> None:
    with pytest.raises(ValidationFailed):
        capture_memories(owner=owner, drafts=[MemoryDraft(content=str(n)) for n in range(1001)])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=300).filter(lambda text: text.strip("\n\x00 ").strip()))
def test_any_text_survives_storing(owner: User, text: str) -> None:
    try:
        memory = capture_memory(owner=owner, draft=MemoryDraft(content=text)).memory
    except ValidationFailed:
        return
    stored = Memory.objects.get(id=memory.id)
    assert "\x00" not in stored.content
    stored.content.encode("utf-8")


@pytest.mark.django_db(transaction=True)
def test_the_same_note_captured_at_once_by_many_is_one_memory(owner: User) -> None:
    outcomes: list[bool] = []

    def capture() -> None:
        outcomes.append(capture_memory(owner=owner, draft=MemoryDraft(content="raced", tags=("race",))).created)
        connection.close()

    threads = [threading.Thread(target=capture) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 5 + [True]
    assert Memory.objects.get().sightings == 6
    assert Tag.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_wake_ups_come_with_the_commit_and_are_coalesced(owner: User) -> None:
    OrmQ.objects.all().delete()
    with transaction.atomic():
        capture_memory(owner=owner, draft=MemoryDraft(content="one"))
        assert not OrmQ.objects.exists()
    assert OrmQ.objects.count() == 1
    capture_memory(owner=owner, draft=MemoryDraft(content="two"))
    assert OrmQ.objects.count() == 1
    OrmQ.objects.all().delete()
    try:
        with transaction.atomic():
            capture_memory(owner=owner, draft=MemoryDraft(content="three"))
            raise RuntimeError
    except RuntimeError:
        pass
    assert not OrmQ.objects.exists() and Memory.objects.count() == 2
