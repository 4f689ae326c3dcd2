"""Exact patterns on a hostile list: what must be found, and what must not although it looks so."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.conf import LazySettings

from enrichment.entities import EXACT_KINDS, KINDS, Found
from enrichment.entities.finding import find_entities

WRITTEN_AT = datetime(2026, 5, 13, 15, 0, tzinfo=UTC)  # a Wednesday
LINES = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "hostile.tsv").read_text(encoding="utf-8").splitlines()
][1:]


def found(text: str, language: str = "en", at: datetime = WRITTEN_AT) -> list[Found]:
    return find_entities(text, language=language, occurred_at=at, names=False)


def test_every_hostile_line_gives_what_it_should_and_nothing_else() -> None:
    wrong = {}
    for language, text, *expected in LINES:
        seen = [f"{one.kind}={one.value}" for one in found(text, language)]
        if seen != expected:
            wrong[text] = (expected, seen)
    assert wrong == {} and len(LINES) >= 300


def test_the_list_tries_every_exact_kind_and_has_lines_without_any() -> None:
    kinds = {entry.partition("=")[0] for _, _, *expected in LINES for entry in expected}
    assert kinds == set(EXACT_KINDS) and kinds < set(KINDS)
    assert sum(not expected for _, _, *expected in LINES) > 100


def test_spans_are_the_words_in_the_text() -> None:
    for language, text, *_ in LINES:
        for one in found(text, language):
            assert text[one.start : one.end] == one.text and one.text.strip() == one.text and one.rule


def test_all_lines_as_one_long_text_lose_nothing_between_passages() -> None:
    text = "\n\n".join(f"Write to anna{number}@example.com about it, please." for number in range(600))
    seen = found(text)
    assert [one.value for one in seen] == [f"anna{number}@example.com" for number in range(600)]
    assert all(text[one.start : one.end] == one.text for one in seen) and len(text) > 25_000


def test_days_are_those_of_the_author_s_clock() -> None:
    """What was written at 23:30 in New York is already tomorrow in UTC."""
    late = datetime(2026, 5, 13, 23, 30, tzinfo=timezone(timedelta(hours=-4)))
    today, yesterday = found("today or yesterday", at=late)
    assert (today.value, yesterday.value) == ("2026-05-13", "2026-05-12")
    assert (today.starts_at, today.ends_at) == (
        datetime(2026, 5, 13, 4, tzinfo=UTC),
        datetime(2026, 5, 14, 4, tzinfo=UTC),
    )


def test_numbers_without_a_country_are_those_of_the_setting(settings: LazySettings) -> None:
    assert found("Ruf an: 044 668 18 00", "en") == []
    settings.PHONE_REGION = "CH"
    assert [one.value for one in found("Ruf an: 044 668 18 00", "en")] == ["+41446681800"]


@pytest.mark.parametrize(
    "text", ["1." * 5000, "a." * 5000, "/" * 9000, "a/" * 4500, ":" * 9000, "a@" * 4000, "(" * 9000, "_a" * 4500]
)
def test_no_text_makes_a_pattern_run_away(text: str) -> None:
    """Nested repeats would take minutes for these; the suite's own limit stops them."""
    assert all(re.search(r"\w|/", one.text) for one in found(text))
