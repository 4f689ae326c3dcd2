"""A filter lets the same memories through in a list and in a search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from uuid import UUID

import pytest
from django.apps import apps

from accounts.models import User
from memories.drafts import ConversationRef, MemoryDraft
from memories.filters import MemoryFilter, filtered
from memories.models import Memory
from memories.retrieval import SearchRequest, search
from memories.services.capture import capture_memories
from memories.services.lifecycle import set_pinned
from memshadow.lib.errors import ValidationFailed
from personas.services import create_persona


@pytest.fixture
def ids(owner: User, index_all: Callable[[], int]) -> dict[str, UUID]:
    """Four memories that differ in everything a filter can ask for."""
    work = create_persona(owner=owner, name="Work")
    chat = ConversationRef(external_id="c", title="Lighthouse trip")
    drafts = {
        "note": MemoryDraft("lighthouse note", tags=("a", "b")),
        "fact": MemoryDraft("lighthouse fact", kind="fact", tags=("b",), persona_id=work.id, source="cli"),
        "anna": MemoryDraft(
            "lighthouse said", kind="turn", role="user", author="Anna Berg", conversation=chat, source="import:claude"
        ),
        "old": MemoryDraft("lighthouse of old", author="Bo", occurred_at=datetime(2020, 5, 1, tzinfo=UTC)),
    }
    made = capture_memories(owner=owner, drafts=list(drafts.values()))
    named = {name: captured.memory.id for name, captured in zip(drafts, made, strict=True)}
    set_pinned(owner=owner, memory_id=named["note"], pinned=True)
    index_all()
    return named


CASES: list[tuple[dict[str, object], set[str]]] = [
    ({}, {"note", "fact", "anna", "old"}),
    ({"tags_none": ("a",)}, {"fact", "anna", "old"}),
    ({"tags_none": ("unknown",)}, {"note", "fact", "anna", "old"}),
    ({"tags_all": ("b",), "tags_none": ("a",)}, {"fact"}),
    ({"kinds_none": ("turn", "fact")}, {"note", "old"}),
    ({"roles_none": ("user",)}, {"note", "fact", "old"}),
    ({"sources_none": ("cli", "import:claude")}, {"note", "old"}),
    ({"authors": ("anna berg",)}, {"anna"}),
    ({"authors": ("Anna Berg", "Bo")}, {"anna", "old"}),
    ({"authors_none": ("Bo",)}, {"note", "fact", "anna"}),
    ({"authors": ("nobody",)}, set()),
    ({"pinned": False, "before": datetime(2021, 1, 1, tzinfo=UTC)}, {"old"}),
]


@pytest.mark.parametrize(("parts", "names"), CASES)
def test_lists_and_search_agree(owner: User, ids: dict[str, UUID], parts: dict[str, object], names: set[str]) -> None:
    wanted = MemoryFilter(**parts)  # type: ignore[arg-type]
    expected = {ids[name] for name in names}
    assert {m.id for m in filtered(owner, wanted)} == expected
    assert {hit.memory.id for hit in search(SearchRequest(owner, "lighthouse", wanted)).hits} == expected


def test_personas_and_conversations_can_be_left_out(owner: User, ids: dict[str, UUID]) -> None:
    fact, anna = Memory.objects.get(id=ids["fact"]), Memory.objects.get(id=ids["anna"])
    assert fact.persona_id and anna.conversation_id
    for wanted, expected in (
        (MemoryFilter(persona_ids=(fact.persona_id,)), {"fact"}),
        (MemoryFilter(persona_ids_none=(fact.persona_id,)), {"note", "anna", "old"}),
        (MemoryFilter(conversation_ids=(anna.conversation_id,)), {"anna"}),
        (MemoryFilter(conversation_ids_none=(anna.conversation_id,)), {"note", "fact", "old"}),
    ):
        assert not wanted.is_default
        assert {m.id for m in filtered(owner, wanted)} == {ids[name] for name in expected}
        hits = search(SearchRequest(owner, "lighthouse", wanted)).hits
        assert {hit.memory.id for hit in hits} == {ids[name] for name in expected}


def test_an_author_is_found_after_an_edit(owner: User, ids: dict[str, UUID]) -> None:
    memory = Memory.objects.get(id=ids["old"])
    memory.author = "Cleo"
    memory.save()
    assert not filtered(owner, MemoryFilter(authors=("Bo",))).exists()
    assert filtered(owner, MemoryFilter(authors=("cleo",))).get().id == memory.id
    memory.author = ""
    assert bytes(memory.author_key) == b""


def test_authors_from_before_there_were_keys_get_theirs(owner: User, ids: dict[str, UUID]) -> None:
    before = set(Memory.objects.values_list("id", "author_key"))
    Memory.objects.update(author_key=b"")
    assert not filtered(owner, MemoryFilter(authors=("Bo",))).exists()
    import_module("memories.migrations.0013_author_key_filled").fill(apps, None)
    assert {(key, bytes(author)) for key, author in Memory.objects.values_list("id", "author_key")} == {
        (key, bytes(author)) for key, author in before
    }


def test_no_memory_can_be_of_an_unknown_kind() -> None:
    with pytest.raises(ValidationFailed, match="kinds_none can be note"):
        MemoryFilter(kinds_none=("poem",))
