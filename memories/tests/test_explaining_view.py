"""Why a memory was found, in words: every signal has its own, and what it says is what was measured."""

from __future__ import annotations

import pytest

from memories.retrieval import Explanation, Signal
from memories.signal_words import SIGNAL_WORDS
from memories.views.explaining import BAR, why


def signal(name: str, contribution: float) -> Signal:
    return Signal(name, 0.5, 2.0, contribution)


def explained(*signals: Signal, **more: object) -> Explanation:
    parts = {"ranks": {}, "chunk": 0, "chunks_matched": 1} | more
    return Explanation(signals=signals, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("signals", "sentence"),
    [
        ([signal("meaning", 1.0)], "This memory is close in meaning."),
        ([signal("words", 0.9), signal("meaning", 1.0)], "This memory is close in meaning and has your words in it."),
        (
            [signal("author", 1.0), signal("date", 0.8), signal("pinned", 0.5), signal("words", 0.4)],
            "This memory was said by you or by whom you named, comes from the time that you asked about and is pinned.",
        ),
        ([signal("meaning", 1.0), signal("recency", 0.1)], "This memory is close in meaning."),
        (
            [signal("meaning", 1.0), signal("feedback", -0.4)],
            "This memory is close in meaning, but was not useful to you before.",
        ),
        ([signal("new_thing", 1.0)], "This memory fits by new thing."),
        ([], "Nothing speaks strongly for this memory; it is only nearer than the others."),
    ],
)
def test_the_strongest_signals_make_one_sentence(signals: list[Signal], sentence: str) -> None:
    assert why(explained(*signals)).sentence == sentence


def test_bars_show_each_share_and_the_exact_numbers() -> None:
    bars = why(explained(signal("words", 1.0), signal("meaning", 3.0), signal("feedback", -1.5))).bars
    assert [(b.label, b.width, b.share, b.against) for b in bars] == [
        ("Meaning", BAR, "75%", False),
        ("Your feedback", BAR // 2, "-38%", True),
        ("Words", round(BAR / 3), "25%", False),
    ]
    assert bars[0].exact == "0.50 × 2 = +3.000"


def test_the_places_are_told_in_order() -> None:
    found = why(explained(signal("words", 1), ranks={"vector": 21, "lexical": 2, "x_arm": 113}, chunks_matched=3))
    assert found.places == "2nd by words, 21st by meaning, 113th by x arm; 3 of its parts match"
    assert why(explained(signal("words", 1), learnt=("slo: service level objective",))).learnt


def test_no_two_signals_share_a_label() -> None:
    labels = [label for label, _ in SIGNAL_WORDS.values()]
    assert len(set(labels)) == len(labels)
