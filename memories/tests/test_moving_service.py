"""Moving memories into a space and home: whole, under the other key, resumable, and always on one side only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from accounts import keys
from accounts.models import AuditEvent, User
from accounts.sealed import sealed_columns
from accounts.spaces.making import create_space, delete_space
from accounts.spaces.membership import Membership, membership_or_404
from accounts.spaces.sharing import change_role, share_with_person
from memories import indexing
from memories.drafts import ConversationRef, MemoryDraft
from memories.fingerprints import tag_key
from memories.models import (
    Conversation,
    Feedback,
    LearntRule,
    Memory,
    MemoryLink,
    MemoryMove,
    MemoryRevision,
    MemoryTag,
    SearchEntry,
    State,
    Tag,
)
from memories.retrieval import SearchRequest, search
from memories.services import moving
from memories.services.capture import capture_memory
from memories.services.feedback import give_feedback
from memories.services.lifecycle import delete_memory
from memories.services.moved_records import HANGING_ON
from memories.services.moving import move_pending, start_move
from memories.services.revising import By, Change, edit_memory
from memories.tests.lessons import taught_rule
from memories.tests.test_sealed_api import sealed
from memshadow.lib.crypto import SealBroken
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused, ValidationFailed
from personas.models import Persona
from personas.services import create_persona

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(owner: User) -> Membership:
    """Alice in her space, in which there is nothing yet."""
    return create_space(by=owner, name="Family")


@pytest.fixture
def work(owner: User) -> Persona:
    return create_persona(owner=owner, name="Work", description="What pays")


def remember(owner: User, text: str, **parts: Any) -> Memory:
    return capture_memory(owner=owner, draft=MemoryDraft(content=text, **parts)).memory


def share(member: Membership, thing: Persona | Tag) -> MemoryMove:
    what = "persona" if isinstance(thing, Persona) else "tag"
    move = start_move(member=member, way="into", what=what, what_id=thing.id)
    move_pending()
    move.refresh_from_db()
    return move


def take_back(member: Membership, what: str = "all", what_id: Any = None) -> MemoryMove:
    move = start_move(member=member, way="home", what=what, what_id=what_id)
    move_pending()
    move.refresh_from_db()
    return move


def counts(move: MemoryMove) -> tuple[str, int, int, int, int, int]:
    return move.state, move.moved, move.merged, move.sealed, move.failed, move.links_dropped


def texts(owner: User) -> list[str]:
    return sorted(memory.content for memory in Memory.objects.filter(owner=owner))


def found(owner: User, words: str) -> list[str]:
    """The texts found that hold these words: vectors find neighbours too."""
    hits = search(SearchRequest(owner, words)).hits
    return [hit.memory.content for hit in hits if words in hit.memory.content.casefold()]


def test_a_personas_memories_move_whole_and_come_home(
    member: Membership, owner: User, other: User, work: Persona, index_all: Callable[[], int]
) -> None:
    there = member.space.owner
    chat = ConversationRef("c1", title="The quokka plan", model="gpt-5")
    memory = remember(
        owner,
        "Quokka one",
        persona_id=work.id,
        tags=("zoo",),
        author="Ada",
        metadata={"n": 1},
        external_id="x1",
        kind="turn",
        role="user",
        conversation=chat,
    )
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="Quokka two", persona_id=work.id), by=By(owner))
    remember(owner, "My own wombat")
    index_all()
    move = share(member, work)
    assert counts(move) == ("done", 1, 0, 0, 0, 0) and move.total == 1
    assert texts(owner) == ["My own wombat"]
    keys.forget()
    moved = Memory.objects.get(owner=there)
    assert (moved.id, moved.content, moved.author, moved.metadata) == (memory.id, "Quokka two", "Ada", {"n": 1})
    assert (moved.external_id, moved.created_at) == ("x1", memory.created_at)
    assert moved.captured_by == owner
    assert moved.persona is not None and (moved.persona.name, moved.persona.owner) == ("Work", there)
    assert [(tag.name, tag.owner) for tag in moved.tags.all()] == [("zoo", there)]
    conversation = Conversation.objects.get()
    assert (conversation.title, conversation.owner, conversation.model) == ("The quokka plan", there, "gpt-5")
    assert moved.conversation == conversation
    revision = MemoryRevision.objects.get()
    assert (revision.owner, revision.actor, revision.snapshot["content"]) == (there, owner, "Quokka one")
    assert revision.snapshot["persona_id"] == str(moved.persona_id)
    for when in ("by its words at once", "with its vectors later"):
        assert found(there, "quokka") == ["Quokka two"] and found(owner, "quokka") == [], when
        index_all()
    assert not found(other, "quokka")

    home = take_back(member, "persona", moved.persona_id)
    assert counts(home) == ("done", 1, 0, 0, 0, 0)
    back = Memory.objects.get(id=memory.id)
    assert (back.owner, back.content, back.persona, back.fingerprint) == (owner, "Quokka two", work, memory_key(back))
    assert not Memory.objects.filter(owner=there).exists() and found(there, "quokka") == []
    assert found(owner, "quokka") == ["Quokka two"]
    assert (
        not MemoryTag.objects.exclude(owner=owner).exists() and not Conversation.objects.exclude(owner=owner).exists()
    )


def memory_key(memory: Memory) -> bytes:
    """The fingerprint under which the same capture meets it again."""
    again = remember(
        memory.owner,
        memory.content,
        external_id=memory.external_id,
        conversation=ConversationRef("c1"),
        kind="turn",
        role="user",
    )
    return bytes(again.fingerprint)


def test_the_persons_key_opens_nothing_that_moved(member: Membership, owner: User, work: Persona) -> None:
    memory = remember(owner, "Once hers", persona_id=work.id, author="Ada", external_id="x", metadata={"a": 1})
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="Now ours"), by=By(owner))
    share(member, work)
    hers, tried = keys.keyring(owner.id), 0
    for place in sealed_columns():
        if place.model not in (Memory, MemoryRevision):
            continue
        for row in place.model._base_manager.all():
            closed = bytes(getattr(row, place.column))
            for whose in (row.owner_id, owner.id):
                if closed:
                    with pytest.raises(SealBroken):
                        hers.unseal(closed, bound_to=f"{place.table}|{place.column}|{row.pk}|{whose}".encode())
                    tried += 1
    assert tried >= 10


def test_a_tags_memories_move_without_their_persona_and_a_chat_stays_for_its_other_turns(
    member: Membership, owner: User, work: Persona
) -> None:
    chat = ConversationRef("c", title="Trip")
    turn: dict[str, Any] = {"kind": "turn", "conversation": chat}
    tagged = remember(owner, "shared turn", tags=("Trip", "x"), persona_id=work.id, role="user", **turn)
    remember(owner, "private turn", role="assistant", **turn)
    share(member, Tag.objects.get(id__in=tagged.tags.all(), name_key=tag_key(owner.id, "Trip")))
    moved = Memory.objects.select_related("conversation").get(owner=member.space.owner)
    assert moved.persona is None and not Persona.objects.filter(owner=member.space.owner).exists()
    assert sorted(tag.name for tag in moved.tags.all()) == ["Trip", "x"]
    assert {c.owner_id: c.title for c in Conversation.objects.all()} == {owner.id: "Trip", member.space.id: "Trip"}
    take_back(member)
    assert Conversation.objects.get().memories.count() == 2, "one conversation again"


def test_the_trash_and_what_a_client_sealed_stay(member: Membership, owner: User, work: Persona) -> None:
    remember(owner, "goes", persona_id=work.id)
    trash = remember(owner, "thrown away", persona_id=work.id)
    delete_memory(owner=owner, memory_id=trash.id, by=By(owner))
    capture_memory(owner=owner, draft=MemoryDraft("", ciphertext=sealed(), persona_id=work.id))
    move = share(member, work)
    assert counts(move) == ("done", 1, 0, 1, 0, 0)
    assert texts(member.space.owner) == ["goes"] and texts(owner) == ["", "thrown away"]


def test_what_the_space_has_already_is_seen_again(member: Membership, owner: User, work: Persona) -> None:
    there = member.space.owner
    kept = remember(there, "the same words", tags=("a",))
    delete_memory(owner=there, memory_id=kept.id, by=By(owner))
    remember(owner, "the  same words", persona_id=work.id)
    copy = Memory.objects.get(owner=owner)
    edit_memory(owner=owner, memory_id=copy.id, change=Change(content="the same words", tags=("b",)), by=By(owner))
    one = remember(owner, "a note, changed", persona_id=work.id, external_id="n1")
    remember(there, "a note", external_id="n1")
    move = share(member, work)
    assert counts(move) == ("done", 1, 1, 0, 0, 0)
    kept.refresh_from_db()
    assert (kept.sightings, kept.state) == (2, State.ACTIVE)
    assert sorted(tag.name for tag in kept.tags.all()) == ["a", "b"]
    assert texts(there) == ["a note", "a note, changed", "the same words"], "one source's id, two texts: both stay"
    assert not Memory.objects.filter(owner=owner).exists() and Memory.objects.filter(id=one.id, owner=there).exists()
    assert not MemoryRevision.objects.filter(owner=owner).exists()


def test_links_go_along_with_both_ends(
    member: Membership, owner: User, work: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_BATCH", 1)
    first, second = (remember(owner, f"linked {n}", persona_id=work.id) for n in (1, 2))
    outside = remember(owner, "stays")
    for end in (second, outside):
        MemoryLink.objects.create(owner=owner, from_memory=first, to_memory=end, relation="relates-to")
    move = share(member, work)
    assert counts(move) == ("done", 2, 0, 0, 0, 1)
    link = MemoryLink.objects.get()
    assert (link.owner, link.from_memory, link.to_memory) == (member.space.owner, first, second)


def test_what_search_learnt_from_it_is_dropped(member: Membership, owner: User, work: Persona) -> None:
    memory = remember(owner, "taught something", persona_id=work.id)
    give_feedback(owner=owner, memory_id=memory.id, verdict="useful")
    taught_rule(owner, memory.id)
    share(member, work)
    assert not Feedback.objects.exists() and not LearntRule.objects.exists()
    assert Memory.objects.get().owner == member.space.owner


@pytest.mark.parametrize("batch", [1, 2])
def test_a_killed_move_goes_on_and_nothing_is_on_both_sides_or_neither(
    batch: int, member: Membership, owner: User, work: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_BATCH", batch)
    everything = sorted(remember(owner, f"number {n} wombat", persona_id=work.id).content for n in range(5))
    real, calls = indexing.write_lexical, 0

    def killed(memories: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        real(memories)

    monkeypatch.setattr(indexing, "write_lexical", killed)
    move = start_move(member=member, way="into", what="persona", what_id=work.id)
    with pytest.raises(KeyboardInterrupt):
        move_pending()
    move.refresh_from_db()
    assert (move.state, move.moved) == ("running", batch)
    assert len(texts(member.space.owner)) == batch and sorted(texts(owner) + texts(member.space.owner)) == everything
    assert len(found(owner, "wombat")) == 5 - batch and len(found(member.space.owner, "wombat")) == batch
    move_pending()
    move.refresh_from_db()
    assert counts(move) == ("done", 5, 0, 0, 0, 0)
    assert texts(member.space.owner) == everything and texts(owner) == []
    assert not SearchEntry.objects.filter(owner_id=owner.id).exists()
    assert move_pending() == 0


def test_one_that_cannot_be_opened_keeps_nobody_waiting(member: Membership, owner: User, work: Persona) -> None:
    broken = remember(owner, "damaged", persona_id=work.id)
    remember(owner, "whole", persona_id=work.id)
    Memory.objects.filter(id=broken.id).update(content_sealed=b"nonsense")
    move = share(member, work)
    assert counts(move) == ("done", 1, 0, 0, 1, 0)
    assert texts(member.space.owner) == ["whole"] and Memory.objects.get(owner=owner).id == broken.id


def test_a_move_that_always_breaks_ends_and_says_so(
    member: Membership, owner: User, work: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    remember(owner, "stays here", persona_id=work.id)
    monkeypatch.setattr(moving, "_carry", broken)
    move = share(member, work)
    assert (move.state, move.attempts) == ("failed", 5) and "server's log" in move.error
    assert texts(owner) == ["stays here"]


def test_two_at_once_are_refused(member: Membership, owner: User, work: Persona) -> None:
    remember(owner, "goes once", persona_id=work.id, tags=("t",))
    start_move(member=member, way="into", what="persona", what_id=work.id)
    for way, what, thing in (("into", "tag", Tag.objects.get().id), ("home", "all", None)):
        with pytest.raises(Conflict):
            start_move(member=member, way=way, what=what, what_id=thing)
    move_pending()
    assert MemoryMove.objects.count() == 1 and texts(member.space.owner) == ["goes once"]


def test_who_may_not_write_there_moves_nothing(
    member: Membership, owner: User, other: User, viewer: User, work: Persona
) -> None:
    remember(owner, "Alice's", persona_id=work.id)
    reading = share_with_person(manager=member, email=other.email, role="reader")
    bob = membership_or_404(other, member.space.id)
    his = create_persona(owner=other, name="His")
    for way, what, thing in (("into", "persona", his.id), ("home", "all", None)):
        with pytest.raises(PermissionRefused):
            start_move(member=bob, way=way, what=what, what_id=thing)
    change_role(manager=member, share_id=reading.id, role="editor")
    bob = membership_or_404(other, member.space.id)
    for way, what, thing in (("into", "persona", work.id), ("home", "persona", work.id), ("home", "tag", work.id)):
        with pytest.raises(NotFound):
            start_move(member=bob, way=way, what=what, what_id=thing)
    with pytest.raises(ValidationFailed):
        start_move(member=bob, way="into", what="all")
    share_with_person(manager=member, email=viewer.email, role="editor")
    with pytest.raises(PermissionRefused):
        start_move(member=membership_or_404(viewer, member.space.id), way="home", what="all")
    assert not MemoryMove.objects.exists()


def test_an_editor_takes_home_what_is_in_the_space_and_the_trail_says_who(
    member: Membership, owner: User, other: User, work: Persona
) -> None:
    remember(owner, "from Alice", persona_id=work.id)
    share(member, work)
    share_with_person(manager=member, email=other.email, role="editor")
    move = take_back(membership_or_404(other, member.space.id))
    assert counts(move) == ("done", 1, 0, 0, 0, 0) and texts(other) == ["from Alice"]
    persona = Memory.objects.get().persona
    assert persona is not None and (persona.owner, persona.name) == (other, "Work")
    shared, taken = (AuditEvent.objects.get(action=f"memory.{name}") for name in ("shared", "taken_back"))
    assert (shared.actor_id, taken.actor_id) == (owner.id, other.id)
    assert shared.details["moved"] == taken.details["moved"] == 1
    assert shared.object_id == taken.object_id == str(member.space.id)


def test_who_is_taken_out_meanwhile_moves_nothing_more(
    member: Membership, other: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = share_with_person(manager=member, email=other.email, role="editor")
    remember(member.space.owner, "the space's")
    move = start_move(member=membership_or_404(other, member.space.id), way="home", what="all")
    here.delete()
    move_pending()
    move.refresh_from_db()
    assert (move.state, move.moved) == ("failed", 0) and "no space of yours" in move.error
    assert texts(member.space.owner) == ["the space's"] and texts(other) == []
    assert AuditEvent.objects.get(action="memory.taken_back").result == "failed"


def test_nothing_moves_into_a_space_that_will_be_deleted_but_out_of_it(
    member: Membership, owner: User, work: Persona
) -> None:
    remember(member.space.owner, "rescued")
    delete_space(manager=member)
    with pytest.raises(Conflict):
        start_move(member=member, way="into", what="persona", what_id=work.id)
    take_back(member)
    assert texts(owner) == ["rescued"]


def test_every_table_that_hangs_on_a_memory_is_thought_of() -> None:
    hanging = {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model is Memory
    }
    assert hanging == set(HANGING_ON) and len(hanging) >= 7
