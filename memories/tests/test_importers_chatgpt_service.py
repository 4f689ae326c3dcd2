"""ChatGPT: the branch last seen, what is left out, content of every type, broken trees and times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from memories.tests.samples import chatgpt
from memories.tests.samples.archives import dumps
from memories.tests.samples.reading import Result, read_all


def imported(*conversations: Any) -> Result:
    return read_all(dumps(list(conversations)), "conversations.json")


def test_turns_carry_ids_times_model_and_the_conversation_its_facts() -> None:
    result = imported({**chatgpt.simple("c"), "is_starred": True, "gizmo_id": "g-1"})
    conversation = result.conversations[0]
    asked, answered = conversation.turns

    assert (conversation.external_id, conversation.title, conversation.model) == ("c", "Title of c", "gpt-5")
    assert conversation.started_at == datetime.fromtimestamp(chatgpt.START, UTC)
    assert conversation.ended_at == datetime.fromtimestamp(chatgpt.START + 60, UTC)
    assert conversation.metadata == {"is_starred": True, "gizmo_id": "g-1", "format": "chatgpt"}
    assert (asked.external_id, asked.role, asked.model) == ("c-u", "user", "")
    assert answered.occurred_at == datetime.fromtimestamp(chatgpt.START + 2, UTC)
    assert answered.model == "gpt-5-thinking"


def test_branch_of_the_current_node_is_kept_with_and_without_children() -> None:
    with_children = imported(chatgpt.regenerated())
    data = chatgpt.regenerated()
    for node in data["mapping"].values():
        del node["children"]
    without = imported(data)

    assert with_children.texts() == [("user", "How do bees fly?"), ("assistant", "With two pairs of wings.")]
    assert without.texts() == with_children.texts()
    assert with_children.skipped == {"other-branch": 1}


@pytest.mark.parametrize("current", [None, "gone", 5, {"a": 1}])
def test_without_a_valid_current_node_the_newest_leaf_counts(current: object) -> None:
    result = imported({**chatgpt.regenerated(), "current_node": current})

    assert result.texts()[-1] == ("assistant", "An answer that was thrown away.")


def test_parents_are_found_through_children_where_they_are_missing() -> None:
    data = chatgpt.simple("c")
    for node in data["mapping"].values():
        node.pop("parent")

    assert [role for role, _ in imported(data).texts()] == ["user", "assistant"]


def test_cycle_ends_at_its_first_repetition() -> None:
    data = chatgpt.simple("c")
    data["mapping"]["root"]["parent"] = "c-a"

    assert len(imported(data).texts()) == 2


def test_hidden_weightless_system_tool_and_reasoning_messages_are_counted() -> None:
    result = imported(chatgpt.everything_hidden())

    assert result.texts() == [("user", "Kept question"), ("assistant", "Kept answer  with a source.")]
    assert result.skipped == {"hidden": 2, "reasoning": 2, "system": 2, "tool-call": 1, "unknown-content": 1}


def test_do_not_remember_is_honoured_and_named() -> None:
    result = imported({**chatgpt.simple("forgotten"), "is_do_not_remember": True}, chatgpt.simple("kept"))

    assert [c.external_id for c in result.conversations] == ["kept"]
    assert result.items[0].where == "forgotten" and result.skipped == {"do-not-remember": 1}  # type: ignore[union-attr]


def test_multimodal_parts_keep_words_and_note_images() -> None:
    turns = imported(chatgpt.multimodal()).conversations[0].turns

    assert [turn.content for turn in turns] == [
        "What is this?",
        "[image: file-abc]",
        "Spoken words",
        "```python\nprint(1)\n```",
        "See the report",
        "Roses are red",
    ]
    assert turns[0].metadata == {"images": ["[image: file-abc]"]}
    assert turns[2].metadata["spoken"] is True
    assert turns[4].metadata == {"attachments": ["report.pdf"]}
    assert turns[5].metadata == {"canvas": "poem", "canvas_type": "document"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"content_type": "code", "language": "unknown", "text": "x = 1"}, "```\nx = 1\n```"),
        ({"content_type": "execution_output", "text": "1"}, "```\n1\n```"),
        (
            {"content_type": "tether_quote", "title": "T", "text": "a\nb", "url": "https://e.org"},
            "T\n> a\n> b",
        ),
        ({"content_type": "tether_browsing_display", "result": "R", "summary": "S"}, "S\nR"),
        ({"content_type": "text", "parts": ["a", None, {"text": "b"}, 5]}, "a\nb\n5"),
        ({"parts": ["no type"]}, "no type"),
    ],
)
def test_content_types_become_text(body: dict[str, Any], text: str) -> None:
    result = imported(chatgpt.conversation("c", [chatgpt.message("m", "assistant", body)]))

    assert result.texts() == [("assistant", text)]


def test_saved_memories_become_facts_once() -> None:
    newer = chatgpt.with_memories()
    older = {**chatgpt.with_memories(), "id": "older", "conversation_id": "older"}
    context = older["mapping"]["c1"]["message"]
    context["create_time"] = chatgpt.START - 1000
    context["content"] = {
        "content_type": "model_editable_context",
        "model_set_context": "1. [2024-01-01]. Outdated.",
    }
    facts = imported(newer, older).documents

    assert [(f.kind, f.content) for f in facts] == [
        ("fact", "User keeps bees."),
        ("fact", "User lives in Bremen."),
    ]
    assert facts[0].occurred_at == datetime(2025, 5, 1, tzinfo=UTC)


def test_title_and_id_are_made_where_they_are_missing_and_stay_the_same() -> None:
    data = {**chatgpt.simple("c"), "title": None, "id": None, "conversation_id": None}
    first, second = imported(data).conversations[0], imported({**data, "update_time": 1.8e9}).conversations[0]

    assert first.title == "How do bees fly?"
    assert first.external_id == second.external_id and len(first.external_id) == 32


def test_messages_that_share_an_id_stay_apart() -> None:
    said = [chatgpt.message(f"m{n}", "user", text) for n, text in enumerate(("one", "two", "one"))]
    data = chatgpt.conversation("c", said)
    for message in said:
        message["id"] = "same"
    turns = imported(data).conversations[0].turns

    assert [(turn.external_id, turn.content) for turn in turns] == [("same", "one"), ("same#2", "two")]


@pytest.mark.parametrize("broken", [None, 7, "text", [], {"mapping": None}, {"mapping": [1]}, {"mapping": {"a": 1}}])
def test_one_bad_conversation_costs_only_itself(broken: Any) -> None:
    result = imported(chatgpt.simple("a"), broken, chatgpt.simple("b"))

    assert [c.external_id for c in result.conversations] == ["a", "b"]
    assert len(result.items) == 3


def test_null_everywhere_in_a_message_is_survived() -> None:
    data = chatgpt.simple("c")
    nulls = dict.fromkeys(data["mapping"]["c-u"]["message"])
    data["mapping"]["c-u"]["message"] = nulls

    assert imported(data).texts() == [("assistant", "With two pairs of wings.")]
