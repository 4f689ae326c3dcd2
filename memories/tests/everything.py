"""A person's memory with all sorts in it, and the road from an export back into rows, for the tests of both ends."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import User
from memories import importers
from memories.drafts import ConversationRef, MemoryDraft
from memories.exporters import export
from memories.filters import MemoryFilter
from memories.importers.items import ParsedRecord
from memories.models import Kind, Memory, MemoryLink, MemoryRole
from memories.services.capture import capture_memories, capture_memory
from memories.services.lifecycle import archive_memory, delete_memory, restore_memory, set_pinned
from memories.services.merging import merge_memories
from memories.services.restoring import RestoreCounts, restore_records
from memories.services.revising import By, Change, edit_memory, undo
from memories.services.saved_searches import note_use, save_search
from personas.models import Persona
from personas.services import create_persona

MOMENT = datetime(2024, 5, 3, 9, 30, tzinfo=UTC)


def remember_all_sorts(owner: User) -> None:
    """Every kind, role, state and way of changing, beside texts that break naive writers."""
    work = create_persona(owner=owner, name="Work", description="What pays\nthe rent")
    family = create_persona(owner=owner, name="Família 👪")
    _kinds(owner, work)
    _conversations(owner, family)
    _changes(owner, work, family)
    _states(owner)
    save_search(owner=owner, name="Décisions", query='tag:one after:2024 "hello" -not')
    note_use(save_search(owner=owner, name="Pinned things", query="is:pinned"))
    long = "An ünïcode line of the long one. 🐘\n" * 30_000
    one_mib = long.encode()[: 1024**2].decode("utf-8", "ignore")
    capture_memory(owner=owner, draft=MemoryDraft(one_mib, kind=Kind.DOCUMENT, tags=("long",)))
    family.delete()


def _kinds(owner: User, work: Persona) -> None:
    drafts = [
        MemoryDraft(f"A {kind} that says hello", kind=kind, persona_id=work.id, tags=("one", f"kind {kind}"))
        for kind in Kind.values
    ]
    odd = [
        MemoryDraft("\u2028 line separators \u2029 \x85 \x0b \x0c and \ufeff marks"),
        MemoryDraft('"quotes" \\ back\\slashes\\n </script> ]]> & <b>', metadata={"n": 1.5, "l": [None, True, "é"]}),
        MemoryDraft("emoji 👩🏽‍🚀🏳️‍🌈 and עברית العربية 日本語", author="Zoë 🦊", tags=("日本", "#été")),
        MemoryDraft("=1+1", language="de", importance=1.0, pinned=True, external_id="x/1"),
        MemoryDraft("long ago", occurred_at=datetime(1, 1, 2, tzinfo=UTC)),
        MemoryDraft("far ahead", occurred_at=datetime(9999, 12, 30, tzinfo=UTC), importance=0.1 + 0.2),
    ]
    capture_memories(owner=owner, drafts=[*drafts, *odd])


def _conversations(owner: User, persona: Persona) -> None:
    chat = ConversationRef("chat-1", title="Trip to 罗马", model="gpt-5", started_at=MOMENT, ended_at=MOMENT)
    turns = [
        MemoryDraft(
            f"turn {n}: {role}",
            kind=Kind.TURN,
            role=role,
            source="import:chatgpt",
            external_id=f"m{n}",
            conversation=chat,
            persona_id=persona.id,
            occurred_at=MOMENT + timedelta(minutes=n),
        )
        for n, role in enumerate(MemoryRole.values)
    ]
    plain = ConversationRef("chat-1", title="Same id, other source")
    undated = [
        MemoryDraft(text, kind=Kind.TURN, role="user", source="api", conversation=plain)
        for text in ("no time of its own", "again no time")
    ]
    capture_memories(owner=owner, drafts=[*turns, *undated])


def _changes(owner: User, work: Persona, family: Persona) -> None:
    by, silent = By(owner, via="dashboard", reason="testing"), By(None, via="worker")
    first = capture_memory(owner=owner, draft=MemoryDraft("version one", tags=("a",), persona_id=family.id)).memory
    capture_memory(owner=owner, draft=MemoryDraft("version one"))
    edit_memory(owner=owner, memory_id=first.id, change=Change(content="version two", tags=("b", "c")), by=by)
    edit_memory(owner=owner, memory_id=first.id, change=Change(persona_id=work.id, metadata={"k": "v"}), by=silent)
    undo(owner=owner, memory_id=first.id, number=2, by=by)
    same = [capture_memory(owner=owner, draft=MemoryDraft(f"merge me {n}", tags=(f"m{n}",))).memory for n in range(3)]
    merge_memories(owner=owner, keep_id=same[0].id, other_ids=[m.id for m in same[1:]], by=by)
    MemoryLink.objects.create(
        owner=owner, from_memory=same[0], to_memory=first, relation="contradicts", reason="“really?”"
    )
    # Two turns that became the same by an edit of the time: their fingerprints still tell them apart.
    chat = ConversationRef("chat-2")
    twins = [
        capture_memory(
            owner=owner,
            draft=MemoryDraft("ok", kind=Kind.TURN, role="user", conversation=chat, occurred_at=MOMENT + minute),
        ).memory
        for minute in (timedelta(0), timedelta(minutes=1))
    ]
    edit_memory(owner=owner, memory_id=twins[1].id, change=Change(occurred_at=MOMENT), by=by)


def _states(owner: User) -> None:
    by = By(owner)
    kept = {
        name: capture_memory(owner=owner, draft=MemoryDraft(f"to be {name}")).memory
        for name in ("archived", "deleted", "restored", "pinned")
    }
    archive_memory(owner=owner, memory_id=kept["archived"].id, by=by)
    delete_memory(owner=owner, memory_id=kept["deleted"].id, by=by)
    delete_memory(owner=owner, memory_id=kept["restored"].id, by=by)
    restore_memory(owner=owner, memory_id=kept["restored"].id, by=by)
    set_pinned(owner=owner, memory_id=kept["pinned"].id, pinned=True)
    Memory.objects.filter(id=kept["pinned"].id).update(valid_from=MOMENT, valid_to=MOMENT + timedelta(days=1))


def exported(owner: User, wanted: MemoryFilter | None = None) -> bytes:
    """The owner's JSONL export as one text."""
    return b"".join(export(owner, "jsonl", wanted).chunks)


def lines_of(text: bytes) -> list[dict[str, Any]]:
    """The parsed lines behind the header."""
    return [json.loads(line) for line in text.split(b"\n")[1:] if line]


def restored(owner: User, text: bytes, batch: int = 7) -> RestoreCounts:
    """Read an export with the real importer and restore it in small batches, as an import does."""
    items = [item for _, item in importers.read(io.BytesIO(text), "export.jsonl")]
    records = [item for item in items if isinstance(item, ParsedRecord)]
    assert len(records) == len(items)
    total = RestoreCounts()
    for start in range(0, len(records), batch):
        part = restore_records(owner=owner, records=records[start : start + batch])
        total.imported += part.imported
        total.duplicates += part.duplicates
        total.conversations += part.conversations
        total.skipped += part.skipped
        total.failed += part.failed
    return total


def with_ids_by_order(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with every id replaced by its place, for comparing exports that differ in ids only."""
    places = {line["id"]: f"#{n}" for n, line in enumerate(lines)}
    text = json.dumps(lines)
    for key, place in places.items():
        text = text.replace(key, place)
    renamed: list[dict[str, Any]] = json.loads(text)
    return renamed
