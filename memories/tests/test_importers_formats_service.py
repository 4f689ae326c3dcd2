"""Every sample is recognised by its content and gives what is in it, in the same order each time."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from memories.importers import FORMATS, ParsedConversation, ParsedDocument, Skipped, UnknownFormat, sniff
from memories.tests.samples import chatgpt, claude, documents, others
from memories.tests.samples.archives import dumps, lines, zipped
from memories.tests.samples.build import SAMPLES, Sample, write_all
from memories.tests.samples.reading import key_of, read_all


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_sample_is_recognised_and_read_in_full(sample: Sample) -> None:
    data = sample.make()
    result = read_all(data, sample.name)

    assert key_of(data, sample.name) == sample.format
    assert len(result.conversations) == sample.conversations
    assert len(result.documents) == sample.documents
    assert len(result.records) == sample.records


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_nothing_that_is_to_be_left_out_gets_in(sample: Sample) -> None:
    shown = repr([i for i in read_all(sample.make(), sample.name).items if not isinstance(i, Skipped)])

    for word in ("secret", "thrown away", "Thrown away", "hidden words", "weightless", "never"):
        assert word not in shown


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_reading_twice_gives_the_same_items_in_the_same_order(sample: Sample) -> None:
    data = sample.make()

    assert read_all(data, sample.name).items == read_all(data, sample.name).items


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_turns_have_ids_times_in_order_and_nothing_that_storage_refuses(sample: Sample) -> None:
    for conversation in read_all(sample.make(), sample.name).conversations:
        ids = [turn.external_id for turn in conversation.turns]
        assert conversation.external_id and conversation.title and all(ids) and len(set(ids)) == len(ids)
        assert all(turn.role in ("user", "assistant") and turn.content for turn in conversation.turns)
        times = [turn.occurred_at for turn in conversation.turns if turn.occurred_at]
        assert all(moment.tzinfo is not None for moment in times)
        assert times == sorted(times)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_progress_never_goes_back_and_stays_within_the_file(sample: Sample) -> None:
    data = sample.make()
    read_bytes = [progress.bytes_read for progress in read_all(data, sample.name).progress]

    assert read_bytes == sorted(read_bytes)
    assert all(0 <= count <= len(data) for count in read_bytes)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.name.endswith((".zip", ".json"))], ids=lambda s: s.name)
def test_name_is_not_needed_where_the_content_tells(sample: Sample) -> None:
    assert key_of(sample.make(), "download.bin") == sample.format


def test_samples_cover_every_format() -> None:
    assert {sample.format for sample in SAMPLES} == {known.key for known in FORMATS}
    assert all(known.source == f"import:{known.key}" and known.label for known in FORMATS)


def test_each_item_says_its_format_in_a_zip_of_two_exports() -> None:
    sample = next(s for s in SAMPLES if s.name == "two-exports.zip")
    items = [i for i in read_all(sample.make()).items if isinstance(i, ParsedConversation | ParsedDocument)]

    assert [item.metadata["format"] for item in items] == ["claude", "markdown", "chatgpt"]


@pytest.mark.parametrize(
    "data",
    [b"", b"   \n", b"\x00\x01\x02\x03" * 50, b"\x89PNG\r\n" + bytes(200), b'{"unknown": 1}', b"[1, 2, 3]",
     b"\x1f\x8b\x08\x00 a gzip", zipped({"a.png": b"\x89PNG"}), zipped({})],
)  # fmt: skip
def test_unknown_content_is_refused_with_the_list_of_what_is_accepted(data: bytes) -> None:
    with pytest.raises(UnknownFormat, match="Accepted: ChatGPT, Claude"):
        sniff(io.BytesIO(data), "conversations.json")
    if not data.startswith(b"PK"):
        with pytest.raises(UnknownFormat):
            read_all(data)


def test_files_beside_the_conversations_are_counted_by_reason_not_listed() -> None:
    members = {f"file-{n}.png": b"x" for n in range(50)} | {f"data/{n}.bin": bytes([n]) for n in range(40)}
    result = read_all(zipped({"conversations.json": dumps([chatgpt.simple("a")]), **members}))

    assert result.skipped == {"asset": 50, "unsupported": 40}
    assert sum(isinstance(item, Skipped) for item in result.items) == 2


def test_the_same_conversation_twice_is_given_once_and_a_newer_version_beside_it() -> None:
    longer = chatgpt.conversation("a", [chatgpt.message("a-u", "user", "Only in the newer one")])
    data = zipped(
        {
            "conversations-000.json": dumps([chatgpt.simple("a"), chatgpt.simple("a")]),
            "conversations-001.json": dumps([longer]),
        }
    )
    result = read_all(data)

    assert [c.external_id for c in result.conversations] == ["a", "a"]
    assert result.skipped == {"duplicate": 1}


def test_shards_are_read_in_the_order_of_their_numbers() -> None:
    names = {f"conversations-{n}.json": dumps([chatgpt.simple(f"c{n}")]) for n in (10, 9, 2)}

    assert [c.external_id for c in read_all(zipped(names)).conversations] == ["c2", "c9", "c10"]


def test_an_export_without_conversations_is_no_error() -> None:
    result = read_all(zipped({"conversations.json": b"[]", "user.json": b"{}"}))

    assert result.conversations == [] and result.failed == []


def test_jsonl_groups_by_conversation_and_keeps_the_order() -> None:
    result = read_all(documents.messages(), "m.jsonl")

    assert [c.external_id for c in result.conversations] == ["j1", "j2", "j1"]
    assert result.texts(0) == [("user", "One"), ("assistant", "Two")]
    assert result.skipped == {"system": 1}


def test_jsonl_without_ids_is_one_conversation_whose_turns_keep_their_ids_when_lines_are_added() -> None:
    said = [
        {"role": "user", "content": "ok"},
        {"role": "assistant", "content": "fine"},
        {"role": "user", "content": "ok"},
    ]
    before = read_all(lines(*said), "chat.jsonl").conversations[0]
    after = read_all(lines(*said, {"role": "assistant", "content": "new"}), "chat.jsonl").conversations[0]

    assert before.external_id == after.external_id and before.title == "chat"
    assert [t.external_id for t in after.turns[:3]] == [t.external_id for t in before.turns]
    assert len({turn.external_id for turn in before.turns}) == 3


def test_long_conversation_comes_in_parts_with_one_id_and_no_id_twice() -> None:
    data = lines(*({"role": "user", "content": f"Turn {n % 7}"} for n in range(5_000)))
    parts = read_all(data, "long.jsonl").conversations

    assert [len(part.turns) for part in parts] == [2_000, 2_000, 1_000]
    assert len({part.external_id for part in parts}) == 1
    assert len({turn.external_id for part in parts for turn in part.turns}) == 5_000


def test_own_export_keeps_records_as_they_stand() -> None:
    result = read_all(others.own_export())

    assert [record.type for record in result.records] == [
        "export", "tag", "persona", "conversation", "memory", "revision", "link",
    ]  # fmt: skip
    memory = result.records[4]
    assert memory.data["content"] == "Bees dance.\r\n" and memory.data["metadata"] == {"a": [1, None]}
    assert memory.line == 5
    assert result.skipped == {"unknown-record": 1}


def test_own_export_of_a_newer_version_ends_with_a_clear_failure() -> None:
    result = read_all(lines({"memshadow_export": 99}, {"type": "tag", "name": "x"}))

    assert [failure.code for failure in result.failed] == ["newer-version"] and not result.records


def test_samples_can_be_written_to_a_folder(tmp_path: Path) -> None:
    paths = write_all(tmp_path / "samples")

    assert len(paths) == len(SAMPLES) and all(path.stat().st_size for path in paths)


def test_claude_and_chatgpt_of_the_same_file_name_are_told_apart() -> None:
    assert key_of(dumps([claude.simple("a")]), "conversations.json") == "claude"
    assert key_of(dumps([chatgpt.simple("a")]), "conversations.json") == "chatgpt"
    assert key_of(dumps(others.deepseek()), "conversations.json") == "deepseek"
