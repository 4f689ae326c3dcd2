"""What changed between two texts, exactly and in bounded time."""

from __future__ import annotations

import random
import time

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from memories.rendering import DiffOp, diff_words, fold_equal


def _assert_exact(diff: list[DiffOp], before: str, after: str) -> None:
    assert {op for op, _ in diff} <= {"equal", "insert", "delete"}
    assert "".join(text for op, text in diff if op != "insert") == before
    assert "".join(text for op, text in diff if op != "delete") == after
    assert all(text for _, text in diff)


_words = st.lists(st.sampled_from(["a", "bb", "ccc", "ä", ".", "\n", " ", "  ", "x\u0301"]), max_size=30).map("".join)


@given(_words | st.text(max_size=30), _words | st.text(max_size=30))
def test_a_diff_leads_from_one_text_to_the_other(before: str, after: str) -> None:
    _assert_exact(diff_words(before, after), before, after)


def test_words_not_letters() -> None:
    assert diff_words("I like red cars.", "I like read cars.") == [
        ("equal", "I like "),
        ("delete", "red"),
        ("insert", "read"),
        ("equal", " cars."),
    ]
    assert diff_words("prefix", "prefixed") == [("delete", "prefix"), ("insert", "prefixed")]
    assert diff_words("same", "same") == [("equal", "same")]
    assert diff_words("", "new") == [("insert", "new")]
    assert diff_words("", "") == []


def _random_words(seed: int, count: int, among: int) -> str:
    picker = random.Random(seed)
    return " ".join(f"w{picker.randrange(among)}" for _ in range(count))


def _lines(marks: int) -> str:
    lines = [_random_words(n, 9, 4000) for n in range(12_000)]
    for n in range(0, 12_000, 12_000 // marks if marks else 20_000):
        lines[n] = f"changed {lines[n]}" if marks else lines[n]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (_random_words(1, 150_000, 5000), _random_words(2, 150_000, 5000)),
        (_random_words(1, 150_000, 3), _random_words(2, 150_000, 3)),
        ("a b " * 100_000, "b a a " * 100_000),
        ("x\n" * 300_000 + "y\n", "z\n" + "x\n" * 300_000),
        ("x" * 1_000_000, "y" * 1_000_000),
        ("".join(f"{n}\n" for n in range(100_000)), "".join(f"{n}\n" for n in reversed(range(100_000)))),
    ],
    ids=["other words", "few words", "repeats", "shifted lines", "one word", "reversed"],
)
def test_a_mebibyte_takes_bounded_time(before: str, after: str) -> None:
    started = time.process_time()
    diff = diff_words(before, after)
    assert time.process_time() - started < 12
    _assert_exact(diff, before, after)


def test_one_word_in_a_mebibyte_is_found() -> None:
    before = _random_words(1, 150_000, 5000)
    after = before[:500_000] + " HERE " + before[500_000:]
    diff = diff_words(before, after)
    _assert_exact(diff, before, after)
    assert sum(len(text) for op, text in diff if op != "equal") < 60


def test_scattered_changes_in_a_long_text_are_found_by_word() -> None:
    before, after = _lines(0), _lines(100)
    diff = diff_words(before, after)
    _assert_exact(diff, before, after)
    assert [text for op, text in diff if op == "delete"] == []
    assert {text for op, text in diff if op == "insert"} == {"changed "}


def test_folding_keeps_what_changed() -> None:
    diff = [("equal", "a" * 5000), ("insert", "new"), ("equal", "b" * 5000), ("delete", "old"), ("equal", "end")]
    folded = fold_equal(diff, keep_chars=100)
    assert folded[0][1].startswith("… 4,900 characters unchanged …") and folded[0][1].endswith("a" * 100)
    assert folded[1] == ("insert", "new")
    assert "… 4,800 characters unchanged …" in folded[2][1]
    assert folded[3:] == diff[3:]


def test_the_component_escapes_and_marks() -> None:
    html = render_to_string("components/_diff.html", {"diff": diff_words("<b>one</b>", "<b>two</b>")})
    assert "<del>one</del><ins>two</ins>" in html
    assert "&lt;b&gt;" in html and "<b>" not in html
