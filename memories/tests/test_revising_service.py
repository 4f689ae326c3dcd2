"""Editing, history, undo, trash and merging: nothing is lost by any of them but by emptying the trash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from accounts.models import User
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import Conversation, IndexState, Memory, MemoryLink, MemoryRevision, SearchEntry, State
from memories.services.capture import capture_memory
from memories.services.lifecycle import (
    apply_to_many,
    archive_memory,
    delete_memory,
    empty_trash,
    restore_memory,
    set_pinned,
)
from memories.services.merging import merge_memories
from memories.services.revising import By, Change, edit_memory, undo
from memories.services.tagging import delete_tag, rename_tag
from memories.views.histories import history_of
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused, ValidationFailed
from personas.services import create_persona

pytestmark = pytest.mark.django_db


@pytest.fixture
def memory(owner: User) -> Memory:
    draft = MemoryDraft(content="The meeting is on Monday.", tags=("work",), author="Ada")
    return capture_memory(owner=owner, draft=draft).memory


def edit(owner: User, memory: Memory, **change: object) -> Memory:
    by = By(owner, via="test", reason="because")
    return edit_memory(owner=owner, memory_id=memory.id, change=Change(**change), by=by)  # type: ignore[arg-type]


def test_an_edit_keeps_what_was(owner: User, memory: Memory) -> None:
    edit(owner, memory, content="The meeting is on Tuesday.", tags=("work", "moved"), pinned=True)
    now = Memory.objects.get(id=memory.id)
    assert (now.content, now.pinned, now.revision_count) == ("The meeting is on Tuesday.", True, 1)
    assert sorted(tag.name for tag in now.tags.all()) == ["moved", "work"]
    revision = MemoryRevision.objects.get()
    assert revision.snapshot["content"] == "The meeting is on Monday."
    assert revision.snapshot["tags"] == ["work"]
    assert (revision.actor, revision.via, revision.reason) == (owner, "test", "because")


def test_an_edit_of_the_text_is_indexed_again(owner: User, memory: Memory, index_all: Callable[[], int]) -> None:
    index_all()
    edit(owner, memory, pinned=True)
    assert Memory.objects.get(id=memory.id).index_state == IndexState.DONE
    assert SearchEntry.objects.get(memory_id=memory.id).pinned
    edit(owner, memory, content="Something else.")
    assert Memory.objects.get(id=memory.id).index_state == IndexState.PENDING
    assert index_all() == 1


def test_a_change_that_changes_nothing_leaves_no_revision(owner: User, memory: Memory) -> None:
    edit(owner, memory, content="The meeting is on Monday.", tags=("work",))
    assert not MemoryRevision.objects.exists()


def test_undo_goes_back_and_can_be_undone(owner: User, memory: Memory) -> None:
    persona = create_persona(owner=owner, name="Work")
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    edit(owner, memory, content="second", persona_id=persona.id, occurred_at=moment, metadata={"k": 1})
    edit(owner, memory, content="third", tags=())
    first = undo(owner=owner, memory_id=memory.id, number=1, by=By(owner))
    assert (first.content, first.persona_id, first.metadata) == ("The meeting is on Monday.", None, {})
    assert [tag.name for tag in Memory.objects.get(id=memory.id).tags.all()] == ["work"]
    back = undo(owner=owner, memory_id=memory.id, number=3, by=By(owner))
    assert (back.content, back.persona_id, back.occurred_at) == ("third", persona.id, moment)
    assert MemoryRevision.objects.count() == 4


def test_history_leads_back_to_every_state(owner: User, memory: Memory) -> None:
    for text in ("second", "third"):
        edit(owner, memory, content=text)
    entries = history_of(Memory.objects.get(id=memory.id))
    assert [entry.current for entry in entries] == [True, False, False]
    undo(owner=owner, memory_id=memory.id, number=entries[-1].number, by=By(owner))
    assert Memory.objects.get(id=memory.id).content == "The meeting is on Monday."
    undo(owner=owner, memory_id=memory.id, number=entries[1].number, by=By(owner))
    assert Memory.objects.get(id=memory.id).content == "second"


def test_an_edit_to_another_memorys_text_is_refused_whole(owner: User, memory: Memory) -> None:
    capture_memory(owner=owner, draft=MemoryDraft(content="taken"))
    with pytest.raises(Conflict):
        edit(owner, memory, content="taken", pinned=True)
    same = Memory.objects.get(id=memory.id)
    assert (same.content, same.pinned, same.revision_count) == ("The meeting is on Monday.", False, 0)
    assert not MemoryRevision.objects.exists()


def test_the_text_of_an_edited_memory_can_be_captured_anew(owner: User, memory: Memory) -> None:
    edit(owner, memory, content="changed")
    assert capture_memory(owner=owner, draft=MemoryDraft(content="The meeting is on Monday.")).created
    assert not capture_memory(owner=owner, draft=MemoryDraft(content="changed")).created


def test_nobody_else_and_no_viewer_changes_it(owner: User, other: User, viewer: User, memory: Memory) -> None:
    with pytest.raises(NotFound):
        edit(other, memory, content="stolen")
    with pytest.raises(NotFound):
        delete_memory(owner=other, memory_id=memory.id, by=By(other))
    with pytest.raises(NotFound):
        undo(owner=owner, memory_id=memory.id, number=7, by=By(owner))
    with pytest.raises(PermissionRefused):
        delete_memory(owner=viewer, memory_id=memory.id, by=By(viewer))
    assert Memory.objects.get(id=memory.id).state == State.ACTIVE


def test_trash_restores_and_erases_every_derived_row(owner: User, index_all: Callable[[], int]) -> None:
    turn = MemoryDraft(content="In a chat", kind="turn", conversation=ConversationRef(external_id="c"))
    memory = capture_memory(owner=owner, draft=turn).memory
    index_all()
    delete_memory(owner=owner, memory_id=memory.id, by=By(owner))
    restore_memory(owner=owner, memory_id=memory.id, by=By(owner))
    assert empty_trash(owner=owner, by=owner) == 0
    delete_memory(owner=owner, memory_id=memory.id, by=By(owner))
    assert empty_trash(owner=owner, by=owner) == 1
    for model in (Memory, MemoryRevision, SearchEntry, Conversation):
        assert not model.objects.exists()


def test_emptying_the_trash_leaves_other_people_alone(owner: User, other: User) -> None:
    theirs = capture_memory(owner=other, draft=MemoryDraft(content="Bob's")).memory
    delete_memory(owner=other, memory_id=theirs.id, by=By(other))
    assert empty_trash(owner=owner, by=owner) == 0
    assert Memory.objects.filter(owner=other).count() == 1


def test_what_is_in_the_trash_is_not_captured_anew(owner: User, memory: Memory) -> None:
    delete_memory(owner=owner, memory_id=memory.id, by=By(owner))
    again = capture_memory(owner=owner, draft=MemoryDraft(content="The meeting is on Monday."))
    assert not again.created and again.memory.state == State.DELETED


def test_archiving_what_is_deleted_is_refused(owner: User, memory: Memory) -> None:
    delete_memory(owner=owner, memory_id=memory.id, by=By(owner))
    with pytest.raises(Conflict):
        archive_memory(owner=owner, memory_id=memory.id, by=By(owner))


def test_many_at_once_are_all_or_none(owner: User, other: User, memory: Memory) -> None:
    theirs = capture_memory(owner=other, draft=MemoryDraft(content="Bob's")).memory
    with pytest.raises(NotFound):
        apply_to_many(owner=owner, memory_ids=[memory.id, theirs.id], action="delete", by=By(owner))
    with pytest.raises(ValidationFailed):
        apply_to_many(owner=owner, memory_ids=[memory.id], action="explode", by=By(owner))
    assert set(Memory.objects.values_list("state", flat=True)) == {State.ACTIVE}
    assert apply_to_many(owner=owner, memory_ids=[memory.id], action="archive", by=By(owner)) == 1


def test_pinning_shows_in_the_index(owner: User, memory: Memory) -> None:
    set_pinned(owner=owner, memory_id=memory.id, pinned=True)
    assert Memory.objects.get(id=memory.id).pinned
    assert SearchEntry.objects.get(memory_id=memory.id).pinned


def test_merging_keeps_everything_and_can_be_undone(owner: User, memory: Memory) -> None:
    other = capture_memory(owner=owner, draft=MemoryDraft(content="Meeting: Monday", tags=("dup",), pinned=True)).memory
    kept = merge_memories(owner=owner, keep_id=memory.id, other_ids=[other.id], by=By(owner))
    assert (kept.pinned, kept.sightings) == (True, 2)
    assert sorted(tag.name for tag in Memory.objects.get(id=kept.id).tags.all()) == ["dup", "work"]
    assert Memory.objects.get(id=other.id).state == State.SUPERSEDED
    assert MemoryLink.objects.get().to_memory_id == other.id
    assert restore_memory(owner=owner, memory_id=other.id, by=By(owner)).state == State.ACTIVE


def test_merging_with_someone_elses_memory_changes_nothing(owner: User, other: User, memory: Memory) -> None:
    theirs = capture_memory(owner=other, draft=MemoryDraft(content="Bob's")).memory
    with pytest.raises(NotFound):
        merge_memories(owner=owner, keep_id=memory.id, other_ids=[theirs.id], by=By(owner))
    with pytest.raises(ValidationFailed):
        merge_memories(owner=owner, keep_id=memory.id, other_ids=[memory.id], by=By(owner))
    assert not MemoryRevision.objects.exists()


def test_tags_are_renamed_merged_and_deleted_in_the_index_too(owner: User, memory: Memory) -> None:
    two = capture_memory(owner=owner, draft=MemoryDraft(content="two", tags=("other",))).memory
    work, tag = memory.tags.get(), two.tags.get()
    renamed = rename_tag(tag=work, name="Office")
    assert renamed.id == work.id and renamed.name == "Office"
    merged = rename_tag(tag=tag, name="office")
    assert merged.id == work.id
    assert SearchEntry.objects.get(memory_id=two.id).tag_ids == [work.id]
    delete_tag(tag=merged)
    assert SearchEntry.objects.get(memory_id=two.id).tag_ids == []
    assert Memory.objects.count() == 2
