"""Notes and documents: titles, tags, dates, links, page maps, and encodings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from memories.importers import ParsedDocument
from memories.tests.samples import documents
from memories.tests.samples.archives import zipped
from memories.tests.samples.reading import read_all


def one(data: bytes, name: str) -> ParsedDocument:
    found = read_all(data, name).documents
    assert len(found) == 1
    return found[0]


def test_markdown_reads_front_matter_tags_and_links() -> None:
    note = one(documents.NOTE.encode(), "bees.md")

    assert note.title == "Bee notes"
    assert note.occurred_at == datetime(2026, 5, 6, tzinfo=UTC)
    assert note.tags == ("insects", "garden", "clover")
    assert note.metadata["links"] == ["Lime tree", "Hives"]
    assert note.metadata["front_matter"] == {"date": "2026-05-06", "author": "Ann"}
    assert note.content.startswith("# Ignored heading") and "---" not in note.content


def test_vault_is_read_by_path_without_its_settings_and_pictures() -> None:
    result = read_all(documents.vault())

    assert [d.external_id for d in result.documents] == [
        "Vault/Bees.md",
        "Vault/broken.md",
        "Vault/Garden/Lime tree.md",
    ]
    assert [d.title for d in result.documents] == ["Bee notes", "broken", "Lime tree"]
    assert result.documents[1].content.startswith("---\ntitle: [unclosed")
    assert result.skipped == {"empty": 1, "system-file": 2, "unsupported": 1}


@pytest.mark.parametrize(
    "front",
    [
        "a: &x [1]\nb: *x\n",
        "a: " + "[" * 2000 + "\n",
        "!!python/object:os.system x\n",
        "- just\n- a list\n",
        "a: 9999-99-99\n",
    ],
)
def test_hostile_front_matter_is_kept_as_text(front: str) -> None:
    note = one(f"---\n{front}---\nBody\n".encode(), "x.md")

    assert "Body" in note.content and "front_matter" not in note.metadata


def test_markdown_without_a_name_is_known_by_its_marks() -> None:
    assert read_all(b"# Title\n\n- one\n- two\n\n> quote\n", "notes").documents[0].metadata["format"] == "markdown"
    assert read_all(b"Just words, one line.\n", "notes").documents[0].metadata["format"] == "text"


@pytest.mark.parametrize(
    "raw",
    [
        "Grüße aus Köln, „schön“ €5".encode("cp1252"),
        "Grüße aus Köln, „schön“ €5".encode("utf-8-sig"),
        "Grüße aus Köln, „schön“ €5".encode("utf-16"),
        "Grüße aus Köln, „schön“ €5".encode("utf-16-be"),
        "Grüße aus Köln, „schön“ €5".encode("utf-32"),
    ],
    ids=["cp1252", "utf-8-sig", "utf-16", "utf-16-be-bare", "utf-32"],
)
def test_text_in_any_encoding(raw: bytes) -> None:
    assert one(raw, "letter.txt").content == "Grüße aus Köln, „schön“ €5"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("L'été, où êtes-vous allés, là-bas ?", "cp1252"),
        ("El niño comió una piña mañana", "cp1252"),
        ("Zażółć gęślą jaźń, to jest przykładowy tekst po polsku.", "cp1250"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy", "cp1250"),
        ("Привет, как дела? Это просто русский текст.", "koi8_r"),
        ("これは日本語のテキストです。こんにちは世界。", "shift_jis"),
    ],
)
def test_old_code_pages_are_told_apart(text: str, encoding: str) -> None:
    assert one(text.encode(encoding), "letter.txt").content == text


def test_pdf_keeps_pages_and_their_offsets() -> None:
    result = read_all(documents.pdf("First page", "", "Third page"), "paper.pdf")
    paper = result.documents[0]
    pages = paper.metadata["pages"]

    assert paper.title == "Bee paper" and paper.metadata["author"] == "Ann"
    assert [paper.content[start:].split("\f")[0].strip() for start in pages] == [
        "First page",
        "",
        "Third page",
    ]
    assert paper.content.count("\f") == 2
    assert result.skipped == {"no-text": 1}


def test_scanned_pdf_is_left_out_with_the_reason() -> None:
    result = read_all(documents.pdf("", ""), "scan.pdf")

    assert not result.documents and result.skipped == {"no-text": 1}


def test_broken_pdf_fails_with_words() -> None:
    result = read_all(b"%PDF-1.7\n" + b"garbage " * 100, "x.pdf")

    assert [failure.code for failure in result.failed] == ["bad-pdf"]


def test_word_document_in_order_with_headings_lists_and_tables() -> None:
    letter = one(documents.word(), "letter")

    assert letter.content == "# Bees\n\nThey fly.\n\n- dance\n\nleft | right\n\nThe end."
    assert letter.title == "Bee letter" and letter.metadata["author"] == "Ann"


def test_word_document_within_a_zip() -> None:
    assert read_all(zipped({"a/letter.docx": documents.word()})).documents[0].title == "Bee letter"


def test_html_is_readable_text_without_scripts() -> None:
    page = one(documents.PAGE.encode(), "page")

    assert page.title == "Bee page"
    assert page.occurred_at == datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert page.content == "# Bees\n\nThey fly.\n\n1. dance\n2. hum\n\n```\nx = 1\ny = 2\n```\n\na | 1"


def test_html_in_its_declared_encoding() -> None:
    raw = '<html><head><meta charset="iso-8859-2"></head><body>Żółć</body></html>'.encode("iso-8859-2")

    assert one(raw, "page.html").content == "Żółć"


def test_csv_with_known_columns() -> None:
    bees, ants = read_all(documents.TABLE.encode(), "t.csv").documents

    assert (bees.title, bees.content, bees.tags, bees.kind) == ("Bees", "They fly", ("a", "b"), "note")
    assert bees.occurred_at == datetime(2026, 5, 6, tzinfo=UTC)
    assert bees.metadata["columns"] == {"id": "1", "colour": "yellow"}
    assert ants.tags == () and ants.occurred_at is None


def test_csv_with_unknown_columns_becomes_lines() -> None:
    apple, pear = read_all(documents.PLAIN_TABLE.encode(), "fruit.csv").documents

    assert apple.content == "Fruit: Apple\nPrice: 3" and pear.content == "Fruit: Pear"


def test_csv_rows_keep_their_identity_when_others_are_put_in_front() -> None:
    before = read_all(b"text,mood\nhello,good\n", "a.csv").documents[0]
    after = read_all(b"text,mood\nnew,bad\nhello,good\n", "a.csv").documents[1]

    assert before.external_id == after.external_id


def test_csv_in_utf16_with_tabs_and_a_long_cell() -> None:
    data = ("text\ttitle\n" + "w" * 300_000 + "\tLong\n").encode("utf-16")

    assert len(one(data, "t.csv").content) == 300_000


def test_date_of_the_archive_is_noted_but_is_not_the_date_of_the_text() -> None:
    note = read_all(zipped({"a.txt": b"words"})).documents[0]

    assert note.occurred_at is None and note.metadata["file_modified"].startswith("2026-01-02")
