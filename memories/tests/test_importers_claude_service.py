"""Claude: content blocks, attachments, branches, index, projects and memories."""

from __future__ import annotations

from typing import Any

from memories.tests.samples import claude
from memories.tests.samples.archives import dumps, zipped
from memories.tests.samples.reading import Result, read_all


def imported(*conversations: Any) -> Result:
    return read_all(dumps(list(conversations)), "conversations.json")


def test_text_blocks_win_over_the_flat_text_and_tools_are_left_out() -> None:
    result = imported(claude.rich())

    assert result.texts() == [
        ("user", "Read this\n\n[file: a.txt]\nAttached words"),
        ("assistant", "Here is the answer."),
        ("user", "[file: only.png]"),
        ("assistant", "Old style text"),
    ]
    assert result.skipped == {"reasoning": 1, "tool-call": 2}


def test_attachments_are_named_and_the_conversation_keeps_its_facts() -> None:
    conversation = imported(claude.rich()).conversations[0]

    assert conversation.turns[0].metadata == {"attachments": ["a.txt", "p.png"]}
    assert conversation.metadata == {"is_starred": True, "project_uuid": "project-1", "format": "claude"}
    assert [turn.model for turn in conversation.turns] == ["", "claude-opus", "", "claude-opus"]


def test_placeholders_of_a_message_of_tools_alone_are_no_turn() -> None:
    message = claude.message(
        "t", "assistant", "This block is not supported.", content=[{"type": "tool_use", "name": "x"}]
    )

    assert not imported(claude.conversation("c", [message])).conversations


def test_branch_of_the_current_leaf_is_kept() -> None:
    result = imported(claude.branched())

    assert [text for _, text in result.texts()] == ["First", "Kept"]
    assert result.skipped == {"other-branch": 1}


def test_messages_without_parents_come_in_order() -> None:
    assert [text for _, text in imported(claude.simple("a")).texts()] == ["Why is tea bitter?", "Tannins."]


def test_project_documents_and_instructions_are_documents() -> None:
    result = read_all(zipped({"projects.json": dumps(claude.projects())}))
    instructions, plan = result.documents

    assert (instructions.kind, instructions.content) == ("note", "Answer like a gardener.")
    assert (plan.title, plan.content, plan.external_id) == ("plan.md", "# Plan\nPlant trees.", "doc-1")
    assert plan.metadata["project"] == "Garden" and plan.occurred_at is not None


def test_memories_are_facts() -> None:
    facts = read_all(dumps(claude.memories())).documents

    assert [(f.kind, f.content) for f in facts] == [
        ("fact", "The person keeps bees."),
        ("fact", "Trees are to be planted in autumn."),
    ]


def test_broken_lists_in_a_message_cost_nothing_but_themselves() -> None:
    data = claude.simple("a")
    data["chat_messages"][0] |= {"attachments": 5, "files": "x", "content": None}
    data["chat_messages"].append("no message")

    assert [text for _, text in imported(data).texts()] == ["Why is tea bitter?", "Tannins."]


def test_bad_project_is_a_failure_and_the_next_one_is_read() -> None:
    broken = {**claude.projects()[0], "docs": [{"content": "x", "uuid": "d"}], "name": {"a": 1}}
    result = read_all(dumps([*claude.projects(), 5, broken]))

    assert [document.content for document in result.documents][-1] == "x"
    assert [failure.code for failure in result.failed] == ["bad-item"]
