"""What hostile or broken files may not do: fill memory, loop, crash, or bring in what storage refuses."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any

import pytest

from memories.importers import Limits, UnknownFormat, read, sniff
from memories.importers.limits import MIB
from memories.tests.samples import chatgpt, documents, google, others
from memories.tests.samples.archives import dumps, encrypted, lines, zipped
from memories.tests.samples.reading import read_all

GOOD = dumps([chatgpt.simple("good")])


def test_member_that_unpacks_to_far_too_much_is_stopped_and_the_rest_read() -> None:
    bomb = b'[{"mapping": {}, "x": "' + b" " * (80 * MIB) + b'"}]'
    result = read_all(zipped({"conversations-000.json": bomb, "conversations-001.json": GOOD}))

    assert [failure.code for failure in result.failed] == ["zip-bomb"]
    assert [c.external_id for c in result.conversations] == ["good"]


def test_total_that_is_unpacked_is_limited() -> None:
    members = {f"conversations-{n}.json": dumps([chatgpt.simple(f"c{n}")]) for n in range(10)}
    result = read_all(zipped(members), limits=Limits(archive_bytes=5_000))

    assert result.failed[0].code == "zip-bomb"
    assert 0 < len(result.conversations) < 10


def test_members_that_share_their_bytes_are_refused() -> None:
    data = bytearray(zipped({"a.txt": b"one" * 100, "b.txt": b"two" * 100}))
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]

    with pytest.raises(UnknownFormat, match="overlap"):
        sniff(io.BytesIO(bytes(data)), "x.zip")


def test_too_many_members_are_refused() -> None:
    with pytest.raises(UnknownFormat, match="more than 3 members"):
        read_all(zipped({f"{n}.txt": b"x" for n in range(4)}), limits=Limits(members=3))


def test_encrypted_archive_is_refused_with_the_remedy() -> None:
    data = encrypted(zipped({"conversations.json": GOOD}))

    with pytest.raises(UnknownFormat, match="password"):
        sniff(io.BytesIO(data), "x.zip")


def test_unusual_compression_is_refused_with_the_remedy() -> None:
    result = read_all(zipped({"conversations.json": GOOD}, zipfile.ZIP_LZMA))

    assert [failure.code for failure in result.failed] == ["compression"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/cron.d/x.md", "etc/cron.d/x.md"),
        ("/absolute/x.md", "absolute/x.md"),
        ("C:\\Windows\\x.md", "Windows/x.md"),
        ("a/./b//x\x07.md", "a/b/x.md"),
    ],
)
def test_names_cannot_point_outside(name: str, shown: str) -> None:
    document = read_all(zipped({name: b"# Words\n"})).documents[0]

    assert document.external_id == shown and document.metadata["file"] == shown


def test_truncated_archive_is_refused_as_incomplete() -> None:
    data = zipped({"conversations.json": GOOD})

    with pytest.raises(UnknownFormat, match="damaged or incomplete"):
        read_all(data[: len(data) - 30])


def test_damaged_member_fails_and_the_others_are_read() -> None:
    data = bytearray(zipped({"a.txt": b"first words " * 40, "b.txt": b"second words"}, zipfile.ZIP_STORED))
    data[data.find(b"first")] ^= 0xFF
    result = read_all(bytes(data))

    assert [(failure.code, failure.where) for failure in result.failed] == [("damaged", "a.txt")]
    assert [document.content for document in result.documents] == ["second words"]


def test_zip_in_a_zip_is_read_once_and_deeper_ones_are_named() -> None:
    inner = zipped({"conversations.json": GOOD})
    deeper = zipped({"x.zip": zipped({"conversations.json": dumps([chatgpt.simple("deep")])})})
    result = read_all(zipped({"a.zip": inner, "b.zip": deeper}))

    assert [c.external_id for c in result.conversations] == ["good"]
    assert result.skipped == {"nested-zip": 1}


def test_truncated_json_gives_what_came_before_and_one_failure() -> None:
    data = dumps([chatgpt.simple(f"c{n}") for n in range(5)])
    result = read_all(data[: int(len(data) * 0.7)], "conversations.json")

    assert [c.external_id for c in result.conversations] == ["c0", "c1", "c2"]
    assert [failure.code for failure in result.failed] == ["truncated"]
    assert result.items[-1] is result.failed[0]


def test_broken_conversation_costs_only_itself() -> None:
    parts = [
        dumps(chatgpt.simple("a")),
        b'{"id": "bad", "mapping": {oops}}',
        dumps(chatgpt.simple("b")),
        b"nonsense",
    ]
    result = read_all(b"[" + b",".join(parts) + b"]", "conversations.json")

    assert [c.external_id for c in result.conversations] == ["a", "b"]
    assert [failure.code for failure in result.failed] == ["bad-json", "bad-json"]
    assert [failure.where for failure in result.failed] == [f"conversations.json, item {n}" for n in (2, 4)]


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_endless_nesting_is_a_failure_not_a_crash(opening: bytes) -> None:
    closing = {b"[": b"]", b'{"a":': b"}"}[opening]
    deep = opening * 100_000 + b"1" + closing * 100_000
    data = b"[" + dumps(chatgpt.simple("a")) + b"," + deep + b"," + dumps(chatgpt.simple("b")) + b"]"
    result = read_all(data, "conversations.json")

    assert [c.external_id for c in result.conversations] == ["a", "b"]
    assert [failure.code for failure in result.failed] == ["too-deep"]


def test_depth_has_a_limit_of_its_own_where_a_conversation_is_cut_by_hand() -> None:
    large = {**chatgpt.simple("large", ask="word " * 300_000), "nested": [[[[[[[[[[]]]]]]]]]]}
    result = read_all(dumps([large, chatgpt.simple("b")]), "conversations.json", limits=Limits(depth=8))

    assert [c.external_id for c in result.conversations] == ["b"]
    assert [failure.code for failure in result.failed] == ["too-deep"]


def test_damaged_word_document_alone_fails_with_words() -> None:
    data = bytearray(documents.word())
    data[data.find(b"word/document.xml") + 60] ^= 0xFF
    result = read_all(bytes(data), "letter.docx")

    assert [failure.code for failure in result.failed] == ["damaged"]


def test_conversation_above_the_limit_is_passed_over() -> None:
    large = chatgpt.simple("large", ask="word " * 600_000)
    data = dumps([chatgpt.simple("a"), large, chatgpt.simple("b")])
    result = read_all(data, "conversations.json", limits=Limits(item_bytes=2 * MIB))

    assert [c.external_id for c in result.conversations] == ["a", "b"]
    assert [failure.code for failure in result.failed] == ["too-large"]
    assert len(read_all(data).conversations) == 3


def test_many_tiny_values_are_refused_before_they_fill_the_memory() -> None:
    filler = b'{"mapping": {}, "x": [' + b",".join([b"{}"] * 400_000) + b"]}"
    data = b"[" + dumps(chatgpt.simple("a")) + b"," + filler + b"]"
    result = read_all(data, "conversations.json", limits=Limits(item_containers=100_000))

    assert [failure.code for failure in result.failed] == ["too-large"]


HOSTILE = {
    "html-lists": b"<html><body><ol>" + b"<li>x" * 60_000,
    "html-spaces": b"<html><body><pre>" + b" " * 2_000_000 + b"x",
    "html-depth": b"<html><body>" + b"<div>" * 200_000,
    "activity": dumps([{"header": "Gemini Apps", "title": "Asked a" + " " * 2_000_000 + "x", "time": "2026-01-01"}]),
    "reminders": lines({"type": "user", "isSidechain": False, "sessionId": "s", "uuid": "u",
                        "message": {"content": "</system-reminder>" + "<system-reminder>" * 60_000}}),
    "markdown": b"# a" + b" " * 500_000 + b"b\n" + b"#a " * 50_000 + b"[[" * 50_000 + b"`" * 50_001,
    "front-matter": b"---\na: " + b"[" * 14_000 + b"\n---\nwords",
    "memories": dumps([chatgpt.conversation("c", [chatgpt.message("m", "user", {
        "content_type": "model_editable_context", "model_set_context": "\n" * 300_000 + "x"})])]),
    "page": google.page(google.cell("Prompted " + "- " * 500_000 + "<br>Mar 3, 2026, 1:00:00 PM UTC<br>")),
    "latin": b"\xf8" * 300_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_patterns_take_linear_time(kind: str) -> None:
    """Each of these is quadratic with a pattern that backtracks: hours, where it should be a second."""
    began = time.process_time()
    read_all(HOSTILE[kind], "front.md" if kind in ("markdown", "front-matter") else kind)

    assert time.process_time() - began < 10


def test_line_above_the_limit_is_passed_over() -> None:
    data = lines(
        {"role": "user", "content": "a"},
        {"role": "user", "content": "x" * 5_000},
        {"role": "user", "content": "b"},
    )
    result = read_all(data, "m.jsonl", limits=Limits(item_bytes=1_000))

    assert [text for _, text in result.texts()] == ["a", "b"]
    assert [(failure.code, failure.where) for failure in result.failed] == [("too-large", "m.jsonl, line 2")]


def test_nul_and_lone_surrogates_are_cleaned_and_pairs_joined() -> None:
    raw = dumps([chatgpt.simple("c", ask="A%B")]).replace(b"A%B", rb"a\u0000b\ud83d\ude00c\ud800d\udc00e")
    raw = raw.replace(b"Title of c", rb"T\u0000\ud800")
    conversation = read_all(raw, "conversations.json").conversations[0]

    assert conversation.turns[0].content == "ab😀c\ufffdd\ufffde"
    assert "\x00" not in conversation.title and conversation.title.encode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_json_in_the_wrong_encoding_is_read(encoding: str) -> None:
    text = dumps([chatgpt.simple("c", ask="Größe „ja“"), chatgpt.simple("d")]).decode()
    result = read_all(text.encode(encoding), "conversations.json")

    assert result.texts()[0] == ("user", "Größe „ja“") and len(result.conversations) == 2


TIMES: list[tuple[Any, int | None]] = [
    (0, None),
    (-5.0, None),
    (1e300, None),
    ("1760000000", 2025),
    (1_760_000_000_000, 2025),
    (253_402_300_000, None),
    ("9999-12-31T23:59:59Z", None),
    ("2025-10-09T08:53:20Z", 2025),
    (True, None),
    ({"a": 1}, None),
    ("soon", None),
]


@pytest.mark.parametrize(("value", "year"), TIMES)
def test_absurd_times_are_none_and_other_units_are_read(value: Any, year: int | None) -> None:
    message = chatgpt.message("m", "user", "words", at=value)
    data = {**chatgpt.conversation("c", [message]), "create_time": value, "update_time": value}
    conversation = read_all(dumps([data]), "conversations.json").conversations[0]

    assert (conversation.turns[0].occurred_at and conversation.turns[0].occurred_at.year) == year
    assert (conversation.started_at and conversation.started_at.year) == year


def test_nan_is_survived() -> None:
    raw = dumps([chatgpt.simple("c")]).replace(b'"create_time": 1760000000.0', b'"create_time": NaN')

    assert read_all(raw, "conversations.json").conversations[0].started_at is not None


def test_huge_numbers_are_a_failure_of_their_conversation() -> None:
    raw = dumps([chatgpt.simple("c"), chatgpt.simple("d")]).replace(b"1760000000.0", b"9" * 5_000, 1)
    result = read_all(raw, "conversations.json")

    assert [c.external_id for c in result.conversations] == ["d"] and len(result.failed) == 1


def test_metadata_is_cut_to_a_bounded_size() -> None:
    nested: Any = "leaf"
    for _ in range(50):
        nested = {"a": nested, "b": ["x" * 5_000] * 50}
    data = {**chatgpt.simple("c"), "memory_scope": nested}
    metadata = read_all(dumps([data]), "conversations.json").conversations[0].metadata

    assert len(dumps(metadata)) < 1_000_000


@pytest.mark.parametrize("inside", [b"<w:p/>" * 400_000, b"<w:r>" * 100_000, b"<w:t>" + b" " * (80 * MIB) + b"</w:t>"])
def test_bomb_in_a_word_document_is_stopped(inside: bytes) -> None:
    space = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = b"<w:document " + space + b"><w:body>" + inside + b"</w:body></w:document>"
    result = read_all(zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": body}), "x.docx")

    assert len(result.failed) == 1 and not result.documents


def test_xml_entities_in_word_are_not_unfolded() -> None:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = (
        '<!DOCTYPE d [<!ENTITY a "secret"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
        f'<w:document xmlns:w="{space}">'
        "<w:body><w:p><w:r><w:t>Words &a;&f;</w:t></w:r></w:p></w:body></w:document>"
    )
    result = read_all(zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": body.encode()}), "x.docx")

    assert "secret" not in repr(result.items) and "root:" not in repr(result.items)


def test_reading_is_lazy() -> None:
    data = dumps([chatgpt.simple(f"c{n}", ask="word " * 2_000) for n in range(500)])
    file = io.BytesIO(data)
    items = read(file, "conversations.json")
    progress, _ = next(items)

    assert progress.bytes_read < len(data) / 2


def test_error_of_the_disk_is_raised_not_reported() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > MIB:
                raise OSError(5, "Input/output error")
            return super().read(size)

    data = dumps([chatgpt.simple(f"c{n}", ask="word " * 2_000) for n in range(500)])
    with pytest.raises(OSError, match="Input/output error"):
        list(read(Failing(data), "conversations.json"))


@pytest.mark.parametrize("name", ["x" * 5_000, "a\x00b.md", "\ud800.md", "", "../..", "con"])
def test_absurd_file_names_are_survived(name: str) -> None:
    document = read_all(documents.NOTE.encode(), name or "x").documents[0]

    assert len(document.external_id) <= 255 and document.external_id.encode()


def test_own_export_too_deep_is_a_failure_of_its_line() -> None:
    nested: Any = 1
    for _ in range(100):
        nested = [nested]
    result = read_all(others.own_export() + lines({"type": "memory", "metadata": nested}))

    assert [failure.code for failure in result.failed] == ["too-deep"]
