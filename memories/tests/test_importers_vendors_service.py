"""Grok, DeepSeek, Perplexity, Le Chat and the coding agents: what was said, by whom and when."""

from __future__ import annotations

from datetime import UTC, datetime

from memories.tests.samples import others
from memories.tests.samples.archives import dumps
from memories.tests.samples.reading import read_all


def test_grok_nested_and_flat() -> None:
    result = read_all(dumps(others.grok()))

    assert result.texts(0) == [("user", "How far?"), ("assistant", "It varies.")]
    assert result.texts(1) == [("user", "And the Moon?"), ("assistant", "Near.")]
    assert result.conversations[0].turns[1].model == "grok-4"
    assert result.conversations[0].turns[0].occurred_at == datetime(2026, 4, 5, 6, 7, 8, tzinfo=UTC)
    assert [c.external_id for c in result.conversations] == ["g1", "g2"]


def test_deepseek_joins_fragments_on_the_newest_branch() -> None:
    result = read_all(dumps(others.deepseek()))

    assert result.texts() == [("user", "Why is the sky blue?"), ("assistant", "Air.")]
    assert result.skipped == {"reasoning": 1, "other-branch": 1}


def test_perplexity_keeps_sources_and_takes_the_question_as_title() -> None:
    conversation = read_all(dumps(others.perplexity())).conversations[0]

    assert conversation.title == "Highest mountain of Wales?"
    assert conversation.turns[1].metadata == {"sources": ["https://example.org/snowdon"]}
    assert [turn.external_id for turn in conversation.turns] == ["p1-query", "p1-answer"]


def test_lechat_is_put_in_order_of_time() -> None:
    result = read_all(others.lechat())

    assert result.texts(0) == [("user", "Bonjour"), ("assistant", "Salut")]
    assert result.texts(1) == [("user", "Un et un ?"), ("assistant", "Deux")]
    assert [c.external_id for c in result.conversations] == ["l1", "l2"]


def test_claude_code_keeps_what_was_said_and_joins_the_blocks_of_an_answer() -> None:
    result = read_all(others.claude_code(), "s.jsonl")
    conversation = result.conversations[0]

    assert result.texts() == [("user", "Fix the parser"), ("assistant", "I look at it.\n\nDone.")]
    assert (conversation.external_id, conversation.title) == ("s1", "Fixing the parser")
    assert conversation.metadata["folder"] == "/home/a/project"
    assert result.skipped == {"bookkeeping": 1, "meta": 2, "reasoning": 1, "sidechain": 1, "tool-call": 2}


def test_codex_says_each_message_once() -> None:
    result = read_all(others.codex(), "rollout.jsonl")

    assert result.texts() == [("user", "Add a test"), ("assistant", "Added.")]
    assert result.conversations[0].external_id == "x1"
    assert result.conversations[0].turns[1].model == "gpt-5-codex"


def test_old_codex_log_is_read_from_its_messages() -> None:
    assert read_all(others.codex_old()).texts() == [("user", "Old question"), ("assistant", "Old answer")]


def test_gemini_cli_as_file_and_as_lines_is_the_same_conversation() -> None:
    whole, by_line = read_all(dumps(others.gemini_cli())), read_all(others.gemini_cli_lines())

    assert whole.texts() == by_line.texts() == [("user", "List the files"), ("assistant", "There are two.")]
    assert whole.conversations[0].external_id == by_line.conversations[0].external_id == "gc1"


def test_a_broken_line_is_named_and_the_rest_is_read() -> None:
    good = others.codex()
    broken = good.replace(b'{"timestamp"', b'{"timestamp', 2).replace(b'{"timestamp"', b"{broken", 1)
    result = read_all(good + b'[1, 2]\n{"type": \n' + b'{"cut of', "rollout.jsonl")

    assert broken != good
    assert len(result.conversations) == 1
    assert [failure.where for failure in result.failed] == [f"rollout.jsonl, line {n}" for n in (10, 11, 12)]
