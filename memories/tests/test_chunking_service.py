"""Chunks cover the text, fit the model, end where the text offers it, and cost linear time."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from time import thread_time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from memories.chunking import MAX_CHARACTERS_A_TOKEN, Chunk, chunk_text
from memories.embedding import EmbeddingProvider, get_provider

MEBIBYTE = 1 << 20
WINDOW = 238


def word_spans(text: str) -> NDArray[np.int32]:
    """A tokenizer whose tokens are words and single marks, so that tests can count by eye."""
    found = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    return np.array(found, np.int32).reshape(-1, 2)


def parts(text: str, max_tokens: int, overlap_tokens: int = 0) -> list[str]:
    found = chunk_text(text, word_spans, max_tokens=max_tokens, overlap_tokens=overlap_tokens)
    return [text[chunk.start : chunk.end] for chunk in found]


def uncovered(text: str, chunks: list[Chunk]) -> str:
    """The visible characters that are in no chunk."""
    covered = set().union(*(range(chunk.start, chunk.end) for chunk in chunks))
    return "".join(char for place, char in enumerate(text) if place not in covered).strip()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> EmbeddingProvider:
    folder: Path = tmp_path_factory.mktemp("models")
    return get_provider("local", folder)


pieces = st.sampled_from(
    [
        "word ",
        "Ein Satz. ",
        "\n",
        "\n\n",
        "# Head\n",
        "```\n",
        "x = 1\n",
        "日本語。",
        "안녕",
        "- item\n",
        "a" * 300,
        "🎉",
        "\t",
    ]
)
texts = st.one_of(st.text(max_size=400), st.lists(pieces, max_size=120).map("".join))


@given(texts, st.integers(1, 40), st.integers(0, 12))
@example("0\r```\r\t" + "0" * 48, 4, 3)
@settings(max_examples=300, deadline=None)
def test_every_visible_character_is_covered_and_every_chunk_fits(text: str, max_tokens: int, overlap: int) -> None:
    chunks = chunk_text(text, word_spans, max_tokens=max_tokens, overlap_tokens=overlap)
    assert uncovered(text, chunks) == ""
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        part = text[chunk.start : chunk.end]
        assert part and part == part.strip()
        assert len(word_spans(part)) <= max_tokens
        assert len(part) <= max_tokens * MAX_CHARACTERS_A_TOKEN
    for one, following in pairwise(chunks):
        assert one.start < following.start and one.end < following.end, "a chunk adds nothing to its neighbour"
        repeated = text[following.start : one.end] if following.start < one.end else ""
        assert len(word_spans(repeated)) <= overlap


@given(texts)
@settings(max_examples=60, deadline=None)
def test_chunks_fit_the_real_model_too(provider: EmbeddingProvider, text: str) -> None:
    text = text * 8
    chunks = chunk_text(text, provider.token_spans, max_tokens=WINDOW)
    assert uncovered(text, chunks) == ""
    for chunk in chunks:
        assert provider.count_tokens(text[chunk.start : chunk.end]) <= provider.max_tokens


def test_a_short_text_is_one_chunk_and_is_not_tokenised() -> None:
    def refuse(text: str) -> NDArray[np.int32]:
        raise AssertionError("tokenised")

    assert chunk_text("  Just a note.\n", refuse, max_tokens=WINDOW) == [Chunk(0, 2, 14)]


def test_a_text_that_fits_is_one_chunk_and_is_tokenised_once() -> None:
    calls: list[str] = []

    def counting(text: str) -> NDArray[np.int32]:
        calls.append(text)
        return word_spans(text)

    text = "One sentence. " * 40
    assert chunk_text(text, counting, max_tokens=120) == [Chunk(0, 0, len(text) - 1)]
    assert len(calls) == 1


@pytest.mark.parametrize("text", ["", " \n\t ", "\n" * 5000])
def test_nothing_visible_has_no_chunks(text: str) -> None:
    assert chunk_text(text, word_spans, max_tokens=8) == []


def test_cuts_between_paragraphs_rather_than_sentences() -> None:
    text = "One two three. Four five six.\n\nSeven eight nine. Ten eleven twelve. Thirteen fourteen."
    assert parts(text, 12)[0] == "One two three. Four five six."


def test_cuts_between_sentences_rather_than_words() -> None:
    text = "One two three four. Five six seven eight. Nine ten eleven twelve."
    assert parts(text, 12) == ["One two three four. Five six seven eight.", "Nine ten eleven twelve."]


def test_an_abbreviation_before_a_small_letter_ends_no_sentence() -> None:
    text = "Wir nehmen Obst, z. B. rote Birnen und Trauben. Dann gehen wir nach Hause zum Essen."
    assert parts(text, 14)[0] == "Wir nehmen Obst, z. B. rote Birnen und Trauben."


def test_a_heading_begins_a_chunk_and_stays_with_its_text() -> None:
    text = "Before it all.\nStill before.\n## Part two\n\nAfter the heading. And more of it here."
    assert parts(text, 10, overlap_tokens=10)[:2] == [
        "Before it all.\nStill before.",
        "## Part two\n\nAfter the heading.",
    ]


def test_list_items_stay_whole() -> None:
    text = "- first of all things\n- second. Of all things\n- third of all things"
    assert parts(text, 14) == ["- first of all things\n- second. Of all things", "- third of all things"]


def test_code_is_cut_between_its_lines_only() -> None:
    lines = [f"call(argument.{number}).Then(more)" for number in range(12)]
    code = "Text before.\n\n```python\n# not a heading\n" + "\n".join(lines) + "\n```\nText after."
    for part in parts(code, 40):
        for line in part.splitlines():
            assert line in {*lines, "```python", "```", "# not a heading", "Text before.", "Text after.", ""}


def test_a_fence_of_tildes_ends_with_tildes_only() -> None:
    text = "~~~\n```\n# inside\n" + "word.\n" * 6 + "~~~\n# Outside\nafter it"
    assert parts(text, 24)[-1] == "# Outside\nafter it"


def test_chunks_overlap_by_a_sentence() -> None:
    text = " ".join(f"Sentence number {number} is here." for number in range(12))
    found = parts(text, 20, overlap_tokens=8)
    for one, following in pairwise(found):
        assert one.endswith(following[: following.index(".") + 1])


def test_a_long_sentence_is_not_repeated() -> None:
    text = "Short one. " + "word " * 15 + "end. Next sentence follows here now."
    assert sum(part.count("word") for part in parts(text, 20, overlap_tokens=5)) == 15


def test_chinese_is_cut_after_its_full_stops() -> None:
    spans = lambda text: np.array([(place, place + 1) for place in range(len(text))], np.int32)  # noqa: E731
    text = "我喜欢早上喝咖啡。今天天气很好！我们去散步吧？"
    found = [text[c.start : c.end] for c in chunk_text(text, spans, max_tokens=16, overlap_tokens=0)]
    assert found == ["我喜欢早上喝咖啡。今天天气很好！", "我们去散步吧？"]


def test_a_word_of_unbounded_length_is_cut_by_characters() -> None:
    found = chunk_text("a" * 1000, word_spans, max_tokens=10, overlap_tokens=0)
    assert [chunk.end - chunk.start for chunk in found] == [120] * 8 + [40]


@pytest.mark.parametrize(
    "text",
    [
        "Some words make up a sentence here. And then there is one more of them.\n\n" * (MEBIBYTE // 75),
        "words " * (MEBIBYTE // 6),
        "a" * MEBIBYTE,
        "我喜欢在早上喝咖啡。" * (MEBIBYTE // 30),
        "我" * (MEBIBYTE // 3),
        "\n" * MEBIBYTE,
        "```\n" + "x = 1\n" * (MEBIBYTE // 6),
    ],
    ids=["prose", "words", "one word", "chinese", "chinese without marks", "newlines", "code"],
)
def test_a_mebibyte_takes_little_time_and_few_chunks(provider: EmbeddingProvider, text: str) -> None:
    spans = provider.token_spans(text)
    started = thread_time()
    found = chunk_text(text, lambda _: spans, max_tokens=WINDOW)
    # Half of this on an idle machine; a quadratic step would take minutes.
    assert thread_time() - started < 4
    assert len(found) <= max(len(spans) / (WINDOW / 2.5), 2 * len(text) / (WINDOW * MAX_CHARACTERS_A_TOKEN))
