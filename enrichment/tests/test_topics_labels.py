"""What topics are called: phrases before words, nouns before verbs, and nothing that every text says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from enrichment.topics.labelling import Told, label_of, still_fits, telling_terms
from enrichment.topics.terms import Counts, Seen, count_text


def counted(texts: Sequence[str], without: frozenset[str] = frozenset()) -> Counts:
    counts = Counts()
    for text in texts:
        count_text(counts, text, "en", without)
    return counts


def anything(_seen: Seen) -> bool | None:
    return None


BREAD = counted(
    [
        "The sourdough starter rises. I love it.",
        "Feed the Sourdough Starter and bake.",
        "My sourdough starter died; thanks anyway!",
        "A loaf of rye bread, thanks.",
        "Rye bread keeps for a week.",
    ]
)
CODE = counted(
    ["The deploy failed, thanks!", "Another deploy in Rust.", "```\nvar sourdough = 1\n```\nI love Rust. Deploy 2.1.3"]
)


def words(is_noun: Callable[[Seen], bool | None] = anything) -> list[list[str]]:
    return [[one.words for one in terms] for terms in telling_terms([BREAD, CODE], is_noun)]


def test_phrases_come_first_and_their_words_are_not_said_again() -> None:
    bread, code = words()
    assert bread[:2] == ["sourdough starter", "rye bread"]
    assert code == ["deploy", "Rust"]


def test_pleasantries_code_and_numbers_are_no_terms() -> None:
    assert not {"thanks", "2.1.3", "sourdough", "var"} & {one for one in words()[1]}
    assert "maria" not in [
        one.words.casefold()
        for one in telling_terms([counted(["Maria bakes."] * 3, frozenset({"maria"}))], anything)[0]
    ]


def test_what_is_no_noun_is_left_out_while_there_are_nouns() -> None:
    assert words(lambda seen: seen.words.casefold() != "deploy")[1] == ["Rust"]
    assert "deploy" in words(lambda seen: False)[1]


def test_a_label_is_short_and_begins_with_a_capital() -> None:
    assert (
        label_of([Told("rye bread", 1), Told("yeast", 1), Told("oven", 1), Told("salt", 1)]) == "Rye bread, yeast, oven"
    )
    assert label_of([Told("x" * 50, 1), Told("y" * 50, 1)]) == "X" + "x" * 49
    assert label_of([]) == ""


@pytest.mark.parametrize(("label", "fits"), [("Rye bread, yeast", True), ("Oven, cake", False), ("", False)])
def test_a_label_whose_words_still_tell_stays(label: str, fits: bool) -> None:
    assert still_fits(label, [Told("rye bread", 1), Told("salt", 1)]) is fits
