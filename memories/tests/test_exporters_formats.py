"""Exports as a person gets them: complete, streamed, and harmless to the programs that open them."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from memories import importers
from memories.drafts import ConversationRef, MemoryDraft
from memories.exporters import _rows, export
from memories.exporters._csv import cell
from memories.filters import MemoryFilter
from memories.importers.items import ParsedDocument
from memories.models import Conversation, Memory, MemoryLink
from memories.services.capture import capture_memories, capture_memory
from memories.services.lifecycle import archive_memory
from memories.services.revising import By
from memories.tests.everything import MOMENT, exported, lines_of, remember_all_sorts
from memshadow.lib.errors import ValidationFailed

pytestmark = pytest.mark.django_db
# Of memories themselves; apps above add formats of what they found out, and test those.
OWN = ("jsonl", "markdown", "csv", "parquet")


def _bytes(owner: User, format: str, wanted: MemoryFilter | None = None) -> bytes:
    return b"".join(export(owner, format, wanted).chunks)


def _notes(owner: User, wanted: MemoryFilter | None = None) -> dict[str, str]:
    """The Markdown vault: path -> text; the archive is whole and names nothing twice."""
    archive = zipfile.ZipFile(io.BytesIO(_bytes(owner, "markdown", wanted)))
    assert archive.testzip() is None
    names = [name.casefold() for name in archive.namelist()]
    assert len(names) == len(set(names))
    return {name: archive.read(name).decode() for name in archive.namelist()}


def _front(text: str) -> dict[str, Any]:
    front: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return front


def _csv(owner: User, wanted: MemoryFilter | None = None) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_bytes(owner, "csv", wanted).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("format", OWN)
def test_nothing_of_anybody_else(owner: User, other: User, format: str) -> None:
    capture_memory(owner=owner, draft=MemoryDraft("alice-secret", tags=("alice-tag",)))
    chat = ConversationRef("c", title="alice-chat")
    capture_memory(owner=owner, draft=MemoryDraft("alice-turn", kind="turn", conversation=chat))
    capture_memory(owner=other, draft=MemoryDraft("bob text"))
    data = _bytes(other, format)
    if format == "markdown":
        data = "\n".join([*_notes(other), *_notes(other).values()]).encode()
    if format == "parquet":
        data = str(pq.read_table(io.BytesIO(data)).to_pylist()).encode()
    assert b"bob" in data
    assert b"alice" not in data


@pytest.mark.parametrize("format", OWN)
def test_an_account_without_memories_exports_a_valid_file(owner: User, format: str) -> None:
    data = _bytes(owner, format)
    readers: dict[str, Callable[[], list[Any]]] = {
        "jsonl": lambda: lines_of(data),
        "csv": lambda: _csv(owner),
        "markdown": lambda: zipfile.ZipFile(io.BytesIO(data)).namelist(),
        "parquet": lambda: pq.read_table(io.BytesIO(data)).to_pylist(),
    }
    assert readers[format]() == []


def test_file_names_and_types(owner: User) -> None:
    made = {key: export(owner, key) for key in OWN}
    assert {key: item.filename.rpartition(".")[2] for key, item in made.items()} == {
        "jsonl": "jsonl",
        "markdown": "zip",
        "csv": "csv",
        "parquet": "parquet",
    }
    assert made["csv"].content_type.startswith("text/csv")
    with pytest.raises(ValidationFailed, match="jsonl, markdown, csv, parquet"):
        export(owner, "exe")


def test_defaults_and_filters(owner: User) -> None:
    kept = capture_memory(owner=owner, draft=MemoryDraft("active one", tags=("x",))).memory
    gone = capture_memory(owner=owner, draft=MemoryDraft("archived one", tags=("y",))).memory
    archive_memory(owner=owner, memory_id=gone.id, by=By(owner))
    assert {line["content"] for line in lines_of(exported(owner)) if line["type"] == "memory"} == {
        "active one",
        "archived one",
    }
    for format in ("csv", "parquet"):
        assert b"archived one" not in _bytes(owner, format) or format == "parquet"
    assert [row["id"] for row in _csv(owner)] == [str(kept.id)]
    assert [row["id"] for row in _csv(owner, MemoryFilter(states=("archived",)))] == [str(gone.id)]
    assert _csv(owner, MemoryFilter(tags_any=("nothing",))) == []
    narrow = lines_of(exported(owner, MemoryFilter(tags_any=("x",))))
    assert [(line["type"], line.get("name")) for line in narrow] == [("tag", "x"), ("memory", None)]


def test_jsonl_orders_by_what_refers_to_what(owner: User) -> None:
    remember_all_sorts(owner)
    lines = lines_of(exported(owner))
    order = ["persona", "tag", "conversation", "memory", "revision", "link", "saved_search"]
    assert [order.index(line["type"]) for line in lines] == sorted(order.index(line["type"]) for line in lines)


def test_jsonl_counts_are_those_of_the_lines(owner: User) -> None:
    remember_all_sorts(owner)
    for wanted in (None, MemoryFilter(), MemoryFilter(states=("superseded", "active"), kinds=("note",))):
        text = exported(owner, wanted)
        header = json.loads(text.split(b"\n")[0])
        counted = {f"{kind}s": 0 for kind in ("persona", "tag", "conversation", "revision", "link")}
        plurals = {"memory": "memories", "saved_search": "saved_searches"}
        counted |= {"memories": 0, "saved_searches": 0}
        for line in lines_of(text):
            counted[plurals.get(line["type"], f"{line['type']}s")] += 1
        assert header["counts"] == counted
        assert header["memshadow_export"] == 1


def test_a_conversation_that_began_during_the_export_is_in_it(owner: User) -> None:
    capture_memory(owner=owner, draft=MemoryDraft("before"))
    chunks = export(owner, "jsonl").chunks
    started = datetime.now(UTC)
    Conversation.objects.filter(owner=owner).update(created_at=started)
    chat = ConversationRef("late", title="Late")
    # The generator has not run yet; make the turn look as if it came after the conversations were written.
    late = capture_memory(owner=owner, draft=MemoryDraft("late turn", kind="turn", conversation=chat)).memory
    Conversation.objects.filter(owner=owner).update(created_at=started + timedelta(hours=1))
    lines = lines_of(b"".join(chunks))
    turn = next(n for n, line in enumerate(lines) if line["id"] == str(late.id))
    assert lines[turn - 1]["title"] == "Late"


def _many(owner: User, count: int, mark: str, size: int = 10) -> None:
    chat = ConversationRef(mark, title=mark)
    for start in range(0, count, 500):
        capture_memories(
            owner=owner,
            drafts=[
                MemoryDraft(f"{mark} {n} " + "x" * size, tags=(mark,), conversation=chat if n % 2 else None)
                for n in range(start, min(start + 500, count))
            ],
        )


@pytest.mark.parametrize("format", OWN)
def test_queries_do_not_grow_with_the_rows(owner: User, format: str) -> None:
    _many(owner, 4, "a")
    with CaptureQueriesContext(connection) as few:
        _bytes(owner, format)
    _many(owner, 60, "a2")
    with CaptureQueriesContext(connection) as many:
        _bytes(owner, format)
    assert len(many) == len(few)


@pytest.mark.parametrize("format", OWN)
def test_pages_join_without_gap_or_repeat(owner: User, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_rows, "PAGE_ROWS", 3)
    monkeypatch.setattr(_rows, "LOAD_ROWS", 2)
    _many(owner, 16, "p")
    # Many rows of one moment are where a page by time alone would lose some.
    Memory.objects.filter(owner=owner).update(created_at=MOMENT)
    readers: dict[str, Callable[[], list[str]]] = {
        "jsonl": lambda: [line["content"] for line in lines_of(exported(owner)) if line["type"] == "memory"],
        "csv": lambda: [row["content"] for row in _csv(owner)],
        "parquet": lambda: pq.read_table(io.BytesIO(_bytes(owner, format))).column("content").to_pylist(),
        "markdown": lambda: [
            line for text in _notes(owner).values() for line in text.splitlines() if line.startswith("p ")
        ],
    }
    assert sorted(readers[format]()) == sorted(memory.content for memory in Memory.objects.filter(owner=owner))


def _long_documents(owner: User, count: int) -> None:
    rows = []
    for n in range(count):
        row = Memory(owner=owner, kind="document", size_bytes=1024**2, fingerprint=n.to_bytes(32, "big"))
        row.content = f"{n} " + "lorem ipsum dolor sit amet " * 38_000
        rows.append(row)
    Memory.objects.bulk_create(rows, batch_size=10)


@pytest.mark.parametrize("format", OWN)
def test_long_memories_are_not_held_together(owner: User, format: str) -> None:
    """30 MB of text are exported in less room than that, whatever the format."""
    _long_documents(owner, 30)
    for _ in export(owner, format, MemoryFilter(kinds=("fact",))).chunks:
        pass
    tracemalloc.start()
    size = sum(len(chunk) for chunk in export(owner, format).chunks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 10_000
    assert peak < 26 * 1024**2


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =cmd|' /C calc'!A0", "'  =cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("\n=1", "'\n=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("plain = text", "plain = text"),
        ("a@b.example", "a@b.example"),
        ("", ""),
        (-5, "-5"),
        (0.25, "0.25"),
        (True, "true"),
        (["=x", "y"], "'=x; y"),
    ],
)
def test_no_cell_is_a_formula(value: Any, written: str) -> None:
    assert cell(value) == written


def test_csv_guards_every_column(owner: User) -> None:
    chat = ConversationRef("=c", title="=HYPERLINK(1)")
    draft = MemoryDraft(
        '=1+1;"=2"\n=3', author="@author", tags=("-tag",), external_id="+id", conversation=chat, source="=src"
    )
    capture_memory(owner=owner, draft=draft)
    raw = _bytes(owner, "csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    [row] = _csv(owner)
    assert not [name for name, value in row.items() if value[:1] in ("=", "+", "-", "@")]
    assert row["content"] == "'" + '=1+1;"=2"\n=3'
    assert row["conversation_title"] == "'=HYPERLINK(1)"


def test_csv_is_read_back_by_our_own_importer(owner: User) -> None:
    capture_memory(owner=owner, draft=MemoryDraft('comma, "quote"\nand ünï', tags=("a", "b"), occurred_at=MOMENT))
    data = _bytes(owner, "csv")
    items = [item for _, item in importers.read(io.BytesIO(data), "x.csv")]
    [document] = [item for item in items if isinstance(item, ParsedDocument)]
    assert document.content == 'comma, "quote"\nand ünï'


def test_parquet_has_types(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memories.exporters._parquet._GROUP_ROWS", 2)
    monkeypatch.setattr(_rows, "LOAD_ROWS", 2)
    drafts = [
        MemoryDraft(f"m{n}", tags=("b", "a"), occurred_at=MOMENT, metadata={"n": n}, importance=0.75) for n in range(5)
    ]
    capture_memories(owner=owner, drafts=drafts)
    file = pq.ParquetFile(io.BytesIO(_bytes(owner, "parquet")))
    assert file.num_row_groups == 3
    row = file.read().to_pylist()[0]
    assert (row["content"], row["tags"], row["occurred_at"]) == ("m0", ["a", "b"], MOMENT)
    assert (row["metadata"], row["importance"], row["pinned"]) == ('{"n": 0}', 0.75, False)


def test_a_note_says_what_it_is(owner: User) -> None:
    draft = MemoryDraft(
        "# Trip: to *Rome*\n\nBody with --- and\n---\nmore",
        tags=("Road trip", "2024", "#ok"),
        occurred_at=MOMENT,
        metadata={"weather": "sunny: very"},
        author="Zoë",
    )
    memory = capture_memory(owner=owner, draft=draft).memory
    [(path, text)] = _notes(owner).items()
    assert path.startswith("Notes/Trip to Rome ") and path.endswith(".md")
    front = _front(text)
    assert front["id"] == str(memory.id)
    assert front["title"] == "Trip: to Rome" and front["aliases"] == ["Trip: to Rome"]
    assert front["tags"] == ["Road-trip", "_2024", "ok"]
    assert front["occurred"] == "2024-05-03T09:30:00+00:00"
    assert front["metadata"] == {"weather": "sunny: very"}
    assert text.endswith("# Trip: to *Rome*\n\nBody with --- and\n---\nmore\n")


def test_front_matter_cannot_be_broken_out_of(owner: User) -> None:
    evil = "x\n---\nid: forged\n!!python/object/apply:os.system ['id']"
    capture_memory(
        owner=owner, draft=MemoryDraft("text", author=evil, metadata={evil: evil, "title": evil}, source="a: b\n#")
    )
    [text] = _notes(owner).values()
    front = next(iter(yaml.safe_load_all(text.split("\n---\n")[0])))
    assert front["author"] == evil
    assert front["id"] != "forged"
    assert front["metadata"][evil] == evil


def test_a_conversation_is_one_note_with_its_turns_in_order(owner: User) -> None:
    chat = ConversationRef("c1", title="Plan/ning: [[x]]", model="gpt-5", started_at=MOMENT)
    drafts = [
        MemoryDraft(
            f"turn {n}",
            kind="turn",
            role=role,
            source="import:chatgpt",
            conversation=chat,
            occurred_at=MOMENT + timedelta(minutes=n),
        )
        for n, role in ((2, "assistant"), (1, "user"))
    ]
    capture_memories(owner=owner, drafts=drafts)
    [(path, text)] = _notes(owner).items()
    assert path.startswith("Conversations/ChatGPT/Plan ning x ")
    assert text.index("## User · 2024-05-03 09:31 UTC\n\nturn 1") < text.index("## Assistant")
    assert _front(text)["model"] == "gpt-5"


def test_a_long_conversation_becomes_parts(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memories.exporters._markdown._PART_CHARS", 100)
    chat = ConversationRef("c1", title="Long")
    turns = [
        MemoryDraft(f"{n} " + "y" * 60, kind="turn", conversation=chat, occurred_at=MOMENT + timedelta(seconds=n))
        for n in range(3)
    ]
    capture_memories(owner=owner, drafts=turns)
    notes = _notes(owner)
    assert [path[-10:-3] for path in notes][1:] == [" part 2", " part 3"]
    assert [text.count("## ") for text in notes.values()] == [1, 1, 1]


def test_links_name_the_notes_they_lead_to(owner: User) -> None:
    one = capture_memory(owner=owner, draft=MemoryDraft("First note")).memory
    two = capture_memory(owner=owner, draft=MemoryDraft("Second note")).memory
    chat = ConversationRef("c1", title="A chat")
    turn = capture_memory(owner=owner, draft=MemoryDraft("said", kind="turn", conversation=chat)).memory
    MemoryLink.objects.create(owner=owner, from_memory=one, to_memory=two, relation="updates")
    MemoryLink.objects.create(owner=owner, from_memory=turn, to_memory=one, relation="derived-from")
    notes = _notes(owner)
    stems = {path.rpartition("/")[2].removesuffix(".md"): text for path, text in notes.items()}
    first, second, talk = (next(s for s in stems if s.startswith(t)) for t in ("First", "Second", "A chat"))
    assert f"- updates: [[{second}]]" in stems[first]
    assert f"- derived-from by: [[{talk}]]" in stems[first]
    assert f"- updates by: [[{first}]]" in stems[second]
    assert f"- derived-from: [[{first}]]" in stems[talk]


def test_names_stay_the_same_from_export_to_export(owner: User) -> None:
    capture_memory(owner=owner, draft=MemoryDraft("Same title"))
    before = set(_notes(owner))
    capture_memory(owner=owner, draft=MemoryDraft("Same title", kind="fact", external_id="z"))
    assert before < set(_notes(owner))


@pytest.mark.parametrize(
    "title",
    [
        "../../etc/passwd",
        "..\\..\\windows\\system32",
        "/absolute/path",
        "C:\\evil.exe",
        "CON",
        "nul.txt",
        "a\x00b\x1f\u202egnp.exe",
        "x" * 5000,
        "🦊" * 500,
        "...",
        " . ",
        "<script>|?*",
        "[[link]] #tag ^block",
    ],
)
def test_hostile_titles_make_harmless_names(owner: User, title: str) -> None:
    chat = ConversationRef("c1", title=title)
    capture_memory(
        owner=owner,
        draft=MemoryDraft("turn", kind="turn", conversation=chat, source=f"import:{title}"[:40].replace("\x00", "")),
    )
    capture_memory(owner=owner, draft=MemoryDraft("note", metadata={"title": title}))
    for path in _notes(owner):
        folder, *rest = path.split("/")
        assert folder in ("Conversations", "Notes")
        assert len(rest) <= 2
        for name in rest:
            assert name not in ("", ".", "..") and not name.startswith(".")
            assert len(name.encode()) < 200
            assert not set(name) & set('\\:*?"<>|#^[]\x00\x1f\u202e')
            assert name.split(".")[0].strip().upper() not in ("CON", "NUL")
