"""An export restored: nothing lost, nothing twice, nobody else's rows touched."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from memories.drafts import ConversationRef, MemoryDraft
from memories.filters import MemoryFilter
from memories.importers.items import ParsedRecord
from memories.models import Conversation, Memory, MemoryLink, MemoryRevision, SearchEntry, Tag
from memories.services.capture import capture_memories, capture_memory
from memories.services.lifecycle import empty_trash
from memories.services.restoring import own_id, restore_records
from memories.services.revising import By, undo
from memories.tests.everything import MOMENT, exported, lines_of, remember_all_sorts, restored, with_ids_by_order
from memshadow.lib.errors import PermissionRefused
from memshadow.lib.ids import new_id
from personas.models import Persona

pytestmark = pytest.mark.django_db
Record = dict[str, Any]


def _memory(**changes: Any) -> Record:
    record = {
        "type": "memory",
        "id": str(new_id()),
        "kind": "note",
        "content": "restored text",
        "source": "api",
        "state": "active",
        "occurred_at": "2024-05-03T09:30:00+00:00",
        "created_at": "2024-05-03T09:30:00+00:00",
    }
    return record | changes


def _restore(owner: User, *records: Record, **options: Any) -> Any:
    parsed = [ParsedRecord(record["type"], record) for record in records]
    return restore_records(owner=owner, records=parsed, **options)


def test_an_empty_instance_becomes_the_same_again(owner: User, make_user: Callable[..., User]) -> None:
    remember_all_sorts(owner)
    before = exported(owner)
    memories = Memory.objects.count()
    owner.delete()
    heir = make_user("heir@example.org")

    counts = restored(heir, before)

    assert (counts.imported, counts.duplicates) == (memories, 0)
    assert counts.failed == counts.skipped == []
    assert exported(heir).split(b"\n")[1:] == before.split(b"\n")[1:]
    header, again = (json.loads(text.split(b"\n")[0]) for text in (before, exported(heir)))
    assert header["counts"] == again["counts"]
    assert header["counts"]["memories"] == memories


def test_the_sample_holds_every_sort(owner: User) -> None:
    """Else the comparison above would prove little."""
    remember_all_sorts(owner)
    lines = lines_of(exported(owner))
    found = Counter(line["type"] for line in lines)
    memories = [line for line in lines if line["type"] == "memory"]
    assert set(found) == {"persona", "tag", "conversation", "memory", "revision", "link", "saved_search"}
    assert {m["state"] for m in memories} == {"active", "archived", "superseded", "deleted"}
    assert {m["kind"] for m in memories} == {"note", "turn", "document", "fact", "summary", "insight"}
    assert {m["role"] for m in memories} == {"", "user", "assistant", "system", "tool"}
    assert {m["same_by"] for m in memories} == {"content", "undated", "id"}
    assert max(len(m["content"].encode()) for m in memories) > 1024**2 - 8
    assert max(m["sightings"] for m in memories) >= 3
    actions = {line["action"] for line in lines if line["type"] == "revision"}
    assert actions == {"edited", "undone", "merged", "superseded", "archived", "deleted", "restored"}


def test_restoring_twice_adds_nothing(owner: User, make_user: Callable[..., User]) -> None:
    remember_all_sorts(owner)
    text = exported(owner)
    owner.delete()
    heir = make_user("heir@example.org")
    first = restored(heir, text)
    once = exported(heir)

    second = restored(heir, text, batch=50)

    assert (second.imported, second.duplicates) == (0, first.imported)
    assert second.conversations == 0
    assert second.failed == second.skipped == []
    assert exported(heir).split(b"\n")[1:] == once.split(b"\n")[1:]


def test_into_ones_own_account_adds_nothing(owner: User) -> None:
    remember_all_sorts(owner)
    before = exported(owner)
    counts = restored(owner, before)
    assert counts.imported == 0
    assert exported(owner).split(b"\n")[1:] == before.split(b"\n")[1:]


def test_ids_of_someone_else_get_new_ones_and_references_follow(owner: User, other: User) -> None:
    remember_all_sorts(owner)
    text = exported(owner)

    counts = restored(other, text)
    again = restored(other, text)

    assert counts.failed == counts.skipped == []
    assert (again.imported, again.duplicates) == (0, counts.imported)
    assert exported(owner).split(b"\n")[1:] == text.split(b"\n")[1:]
    mine, theirs = lines_of(text), lines_of(exported(other))
    assert not {line["id"] for line in mine} & {line["id"] for line in theirs}
    kinds = ("persona", "tag", "conversation", "memory")
    # Ids order what was made in one moment, so those are compared as sets; texts name ids of the first owner.
    assert _shape(mine, kinds) == _shape(theirs, kinds)
    assert len(mine) == len(theirs)


def _shape(lines: list[Record], kinds: tuple[str, ...]) -> list[str]:
    bare = [{k: v for k, v in line.items() if k not in ("id",)} for line in lines if line["type"] in kinds]
    for line in bare:
        if line.get("conversation"):
            line["conversation"] = {k: v for k, v in line["conversation"].items() if k != "id"}
    return sorted(json.dumps(line, sort_keys=True) for line in bare)


def test_links_and_revisions_follow_renamed_memories(owner: User, other: User) -> None:
    remember_all_sorts(owner)
    restored(other, exported(owner))
    for model in (MemoryRevision, MemoryLink):
        assert model.objects.filter(owner=other).count() == model.objects.filter(owner=owner).count() > 0
    link = MemoryLink.objects.get(owner=owner, relation="contradicts")
    copy = MemoryLink.objects.get(owner=other, relation="contradicts")
    assert copy.from_memory.content == link.from_memory.content
    assert copy.from_memory_id == own_id(other, link.from_memory_id)
    assert {row.memory.owner_id for row in MemoryRevision.objects.filter(owner=other)} == {other.id}


def test_undo_works_on_what_was_restored(owner: User, other: User) -> None:
    remember_all_sorts(owner)
    restored(other, exported(owner))
    revised = next(m for m in Memory.objects.filter(owner=other) if m.content.startswith("version"))
    undone = undo(owner=other, memory_id=revised.id, number=3, by=By(other))
    assert undone.persona is not None
    assert (undone.persona.name, undone.persona.owner_id) == ("Work", other.id)
    assert undone.metadata == {"k": "v"}


def test_renamed_ids_survive_the_first_owner(owner: User, other: User) -> None:
    """Once the first owner is gone the ids are free again; a later import must still find its own rows."""
    capture_memory(owner=owner, draft=MemoryDraft("mine"))
    text = exported(owner)
    restored(other, text)
    owner.delete()
    assert restored(other, text).imported == 0
    assert Memory.objects.filter(owner=other).count() == 1


def test_what_is_here_already_under_other_ids_is_met(owner: User, other: User) -> None:
    """Both imported the same chat on their own: conversation, tags, persona and turns meet by what they are."""
    chat = ConversationRef("c1", title="Chat")
    draft = MemoryDraft(
        "hi", kind="turn", role="user", source="import:claude", external_id="t1", conversation=chat, tags=("Tag",)
    )
    capture_memory(owner=owner, draft=draft)
    capture_memory(
        owner=owner,
        draft=MemoryDraft("new", kind="turn", source="import:claude", external_id="t2", conversation=chat),
    )
    text = exported(owner)
    owner.delete()
    capture_memory(owner=other, draft=draft)

    counts = restored(other, text, batch=1)

    assert (counts.imported, counts.duplicates, counts.conversations) == (1, 1, 0)
    assert Conversation.objects.get(owner=other).memories.count() == 2
    assert Tag.objects.filter(owner=other).count() == 1
    assert Memory.objects.get(owner=other, id=capture_memory(owner=other, draft=draft).memory.id).sightings == 2


def test_a_later_chat_import_meets_restored_turns(owner: User, other: User) -> None:
    draft = MemoryDraft(
        "hi",
        kind="turn",
        source="import:chatgpt",
        external_id="t1",
        conversation=ConversationRef("c1"),
        occurred_at=MOMENT,
    )
    undated = MemoryDraft("no time", kind="turn", conversation=ConversationRef("c2"))
    capture_memories(owner=owner, drafts=[draft, undated])
    restored(other, exported(owner))
    assert [c.created for c in capture_memories(owner=other, drafts=[draft, undated])] == [False, False]


def test_restored_memories_are_in_the_index(owner: User, other: User, index_all: Callable[[], int]) -> None:
    capture_memory(owner=owner, draft=MemoryDraft("findable", tags=("t",)))
    text = exported(owner)
    restored(other, text)
    entry = SearchEntry.objects.get(owner_id=other.id)
    assert entry.lexemes and entry.tag_ids == [Tag.objects.get(owner=other).id]
    index_all()
    assert SearchEntry.objects.get(owner_id=other.id).embedding is not None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": "nonsense"}, "id is not a UUID"),
        ({"id": 7}, "id is not a string"),
        ({"content": None}, "content is not a string"),
        ({"content": "  "}, "A memory needs some text"),
        ({"content": "x" * (1024**2 + 1)}, "at most 1024 KiB"),
        ({"kind": "wish"}, "kind is not one of"),
        ({"role": ["user"]}, "role is not one of"),
        ({"state": None}, "state is not one of"),
        ({"created_at": "yesterday"}, "created_at is not a time"),
        ({"created_at": "2024-05-03T09:30:00"}, "created_at is not a time with its zone"),
        ({"occurred_at": "0001-01-01T00:00:00+09:00"}, "occurred_at is not a time"),
        ({"occurred_at": 1714728600}, "occurred_at is not a string"),
        ({"importance": float("nan")}, "importance is not a number from 0 to 1"),
        ({"importance": float("-inf")}, "importance is not a number from 0 to 1"),
        ({"importance": True}, "importance is not a number"),
        ({"pinned": "yes"}, "pinned is not true or false"),
        ({"sightings": 2**40}, "sightings is not a whole number"),
        ({"revision_count": -1}, "revision_count is not a whole number"),
        ({"tags": "a,b"}, "tags is not a list"),
        ({"tags": [1]}, "tags is not a list"),
        ({"tags": ["#"]}, "A tag has 1 to 80 characters"),
        ({"metadata": []}, "metadata is not an object"),
        ({"metadata": {"x": "y" * 70_000}}, "metadata holds at most"),
        ({"source": "s" * 41}, "source has more than 40 characters"),
        ({"source": ""}, "source is empty"),
        ({"language": "very-long"}, "language has more than 8"),
        ({"persona": 5}, "persona is not a string"),
        ({"conversation": "chat"}, "conversation is not an object"),
        ({"conversation": {"id": "1"}}, "id is not a UUID"),
        ({"same_by": "magic"}, "same_by is not one of"),
    ],
)
def test_a_bad_record_fails_alone(owner: User, changes: Record, reason: str) -> None:
    bad = _memory(**changes)
    counts = _restore(owner, bad, _memory(content="the good one"))
    assert [m.content for m in Memory.objects.filter(owner=owner)] == ["the good one"]
    assert counts.imported == 1
    [(error, where)] = counts.failed
    assert error.startswith("invalid-record: ") and reason in error
    assert where.startswith("memory")


def test_a_bad_line_is_found_by_its_number(owner: User) -> None:
    text = b'{"memshadow_export":1}\n' + json.dumps(_memory(kind="wish")).encode() + b"\n"
    assert restored(owner, text).failed[0][1].startswith("line 2 (memory ")


@pytest.mark.parametrize("name", ["id", "kind", "content", "source", "state", "occurred_at", "created_at"])
def test_a_missing_field_is_named(owner: User, name: str) -> None:
    record = _memory()
    del record[name]
    counts = _restore(owner, record)
    assert counts.failed[0][0] == f"invalid-record: {name} is missing"
    assert not Memory.objects.exists()


def test_what_storage_refuses_is_cleaned(owner: User) -> None:
    counts = _restore(
        owner,
        _memory(content="a\x00b\ud800c", source="a\x00pi", author="x\udfff", persona="P\x00", tags=["t\x00"]),
        {"type": "persona", "id": str(new_id()), "name": "Q\x00", "created_at": "2024-05-03T09:30:00Z"},
    )
    assert counts.failed == []
    memory = Memory.objects.get(owner=owner)
    assert (memory.content, memory.source, memory.author) == ("ab?c", "api", "x?")


def test_an_importance_of_next_to_nothing_is_none(owner: User) -> None:
    _restore(owner, _memory(importance=1e-180))
    assert Memory.objects.get(owner=owner).importance == 0


def test_fields_of_a_later_version_are_left_out_and_counted(owner: User) -> None:
    record = _memory(mood="good", conversation=None)
    record["metadata"] = {"free": "form"}
    counts = _restore(owner, record, _memory(content="b", mood="bad", **{"Ünknown thing": 1}))
    assert counts.imported == 2
    assert Counter(reason for reason, _ in counts.skipped) == {
        "unknown-field: memory.mood is not known to this version": 2,
        "unknown-field: memory.… is not known to this version": 1,
    }


def test_unknown_kinds_of_records_are_counted(owner: User) -> None:
    counts = _restore(owner, {"type": "topic", "id": str(new_id())})
    assert counts.skipped[0][0].startswith("unknown-record")


def test_what_refers_to_nothing_is_skipped_except_on_a_dry_run(owner: User) -> None:
    link = {
        "type": "link",
        "id": str(new_id()),
        "from": str(new_id()),
        "to": str(new_id()),
        "relation": "updates",
        "created_at": "2024-05-03T09:30:00Z",
    }
    assert _restore(owner, link).skipped[0][0].startswith("missing-memory")
    assert _restore(owner, link, dry_run=True).skipped == []
    assert not MemoryLink.objects.exists()


def test_references_to_a_strangers_memory_find_nothing(owner: User, other: User) -> None:
    """An export that was written by hand cannot tie into someone else's rows."""
    theirs = capture_memory(owner=other, draft=MemoryDraft("private", persona_id=None)).memory
    mine = _memory()
    link = {
        "type": "link",
        "id": str(new_id()),
        "from": mine["id"],
        "to": str(theirs.id),
        "relation": "updates",
        "created_at": mine["created_at"],
    }
    counts = _restore(owner, mine, link, _memory(id=str(theirs.id), content="squat"))
    assert not MemoryLink.objects.exclude(to_memory__owner=owner).exists()
    assert Memory.objects.get(id=theirs.id).content == "private"
    assert counts.imported == 2
    assert {m.content for m in Memory.objects.filter(owner=owner)} == {"restored text", "squat"}


def test_an_older_copy_is_kept_and_its_newer_history_left_out(owner: User, other: User) -> None:
    memory_id = str(new_id())
    _restore(owner, _memory(id=memory_id))
    revision: Record = {
        "type": "revision",
        "id": str(new_id()),
        "memory": memory_id,
        "number": 1,
        "action": "edited",
        "created_at": "2024-05-03T09:30:00Z",
        "snapshot": {
            "content": "older",
            "author": "",
            "metadata": {},
            "tags": [],
            "importance": 0.5,
            "pinned": False,
            "state": "active",
            "persona_id": None,
            "occurred_at": "2024-05-03T09:30:00+00:00",
        },
    }
    counts = _restore(owner, _memory(id=memory_id, content="edited", revision_count=1), revision)
    assert counts.duplicates == 1
    assert counts.skipped[0][0].startswith("newer-history")
    assert Memory.objects.get(owner=owner).content == "restored text"
    assert not MemoryRevision.objects.exists()
    del revision["snapshot"]["pinned"]
    assert _restore(other, _memory(revision_count=1), revision).failed[0][0].endswith("pinned is missing")


def test_a_memory_without_its_conversation_line_makes_one(owner: User) -> None:
    ref = {"id": str(new_id()), "source": "import:claude", "external_id": "c9"}
    counts = _restore(owner, _memory(kind="turn", conversation=ref, persona="Lost"))
    conversation = Conversation.objects.get(owner=owner)
    assert (str(conversation.id), conversation.external_id) == (ref["id"], "c9")
    assert counts.conversations == 1
    assert Persona.objects.get(owner=owner).name == "Lost"


def test_the_same_twice_in_one_batch(owner: User) -> None:
    record = _memory()
    counts = _restore(owner, record, record, _memory())
    assert (counts.imported, counts.duplicates) == (1, 2)


def test_a_viewer_restores_nothing(viewer: User) -> None:
    with pytest.raises(PermissionRefused):
        _restore(viewer, _memory())
    assert not Memory.objects.exists()


def test_new_ids_cannot_be_guessed_by_others(owner: User, other: User) -> None:
    key = UUID(int=1)
    assert own_id(owner, key) == own_id(owner, key) != own_id(other, key)


def test_queries_do_not_grow_with_the_batch(owner: User) -> None:
    def records(count: int, mark: str) -> list[Record]:
        ref = {"id": str(new_id()), "source": "api", "external_id": mark}
        return [_memory(content=f"{mark} {n}", tags=[mark], conversation=ref, persona=mark) for n in range(count)]

    _restore(owner, *records(1, "warm"))
    with CaptureQueriesContext(connection) as few:
        _restore(owner, *records(2, "few"))
    with CaptureQueriesContext(connection) as many:
        _restore(owner, *records(60, "many"))
    assert len(many) == len(few)


def test_a_filtered_export_restores_what_it_holds(owner: User, other: User) -> None:
    remember_all_sorts(owner)
    text = exported(owner, MemoryFilter(states=("active",), kinds=("note",)))
    counts = restored(other, text)
    assert counts.failed == counts.skipped == []
    kept = Memory.objects.filter(owner=owner, state="active", kind="note").count()
    assert counts.imported == kept == json.loads(text.split(b"\n")[0])["counts"]["memories"]
    assert {line["type"] for line in lines_of(text)} >= {"persona", "tag", "memory", "revision"}
    assert not [line for line in lines_of(text) if line["type"] == "conversation"]


_texts = st.text(min_size=1, max_size=40).filter(lambda text: text.strip("\x00\n \t\r") != "")
_names = st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=20)
_plain = st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
_metadata = st.dictionaries(
    _plain, st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | _plain, max_size=3
)
_drafts = st.builds(
    MemoryDraft,
    content=_texts,
    kind=st.sampled_from(["note", "turn", "fact"]),
    role=st.sampled_from(["", "user", "assistant"]),
    author=st.text(max_size=10),
    external_id=st.sampled_from(["", "", "e1", "e2"]),
    conversation=st.none() | st.builds(ConversationRef, external_id=_names, title=st.text(max_size=9)),
    tags=st.lists(_names, max_size=3).map(tuple),
    metadata=_metadata,
    importance=st.integers(0, 7).map(lambda n: n / 7),
    occurred_at=st.none() | st.datetimes(timezones=st.timezones()),
)


@settings(
    phases=[Phase.generate], max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drafts=st.lists(_drafts, max_size=6))
def test_whatever_capture_accepts_comes_back(owner: User, other: User, drafts: list[MemoryDraft]) -> None:
    for person in (owner, other):
        Memory.objects.filter(owner=person).update(state="deleted")
        empty_trash(owner=person, by=person)
        Tag.objects.filter(owner=person).delete()
    for draft in drafts:
        if any(character.isprintable() and not character.isspace() for character in draft.content):
            capture_memory(owner=owner, draft=draft)
    before = exported(owner)
    for rows in (Memory.objects, Tag.objects, Conversation.objects):
        rows.filter(owner=owner).delete()

    counts = restored(other, before, batch=2)

    assert counts.failed == counts.skipped == []
    assert exported(other).split(b"\n")[1:] == before.split(b"\n")[1:]
    assert with_ids_by_order(lines_of(before)) == with_ids_by_order(lines_of(exported(other)))
