"""The times that a text speaks of, from when it was written: 'last spring', '7 May', 'two weeks before my birthday'."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import regex

from memories.questions._languages import FALLBACK, likely
from memories.questions._moments import Span
from memories.questions._time_rules import BASE, BEFORE_ANCHOR, COMBINED, YEARS, Asking, Rule, value
from memories.questions._time_words import Item, is_future, items_of, naive, time_words

_READ_CHARS: Final = 10_000
# Languages with this share of the votes of the likeliest are tried too: 'in mei' may be any of four.
_AS_LIKELY: Final = 0.6
# A private letter for each set of meanings that a word may have.
_FIRST_LETTER: Final = 0xE100


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A time [start:end) in UTC that the words `text` at [start_char:end_char] mean.

    `kind`: date, month, year, decade, quarter, season, week, weekend, weekday, holiday, part of day, relative, range,
    open. An open side is the year 1 or 9999.
    """

    start: datetime
    end: datetime
    text: str
    start_char: int
    end_char: int
    kind: str


@dataclass(frozen=True, slots=True)
class Anchored:
    """A time that hangs on an event: `offset` from the `anchor` (negative before it), in the words `text`."""

    anchor: str
    offset: timedelta
    text: str
    start_char: int
    end_char: int


def time_spans(text: str, at: datetime, language: str = "") -> list[TimeSpan]:
    """The times that a text names, in order; `at` is when it was written, with the author's time zone (UTC without).

    Days begin at midnight in `at`'s zone. What recurs without a year ('in May', 'on Friday') is the most recent, the
    next when the text speaks of the future. An ambiguous date gives a span for each reading over the same words. The
    language (ISO 639-1) is guessed when unknown. The first 10,000 characters are read.
    """
    text = text[:_READ_CHARS]
    best: list[TimeSpan] = []
    for code in _languages(text, language):
        found = _in_language(text, at, code)
        if _covered(found) > _covered(best):
            best = found
    return best


def anchored(text: str, language: str = "") -> Anchored | None:
    """The first 'two weeks before my birthday' whose anchor is no date of the calendar; None when there is none."""
    text = text[:_READ_CHARS]
    for code in _languages(text, language):
        words = time_words(code)
        items = items_of(text, words)
        if not any("U" in item.means for item in items):
            continue
        items = _reduced(items, code, Asking(_ANY_DAY, future=False))
        for found in _anchor_pattern(code).finditer(_letters(items, code)):
            if hanging := _hanging(text, items, *found.span()):
                return hanging
    return None


def _languages(text: str, language: str) -> tuple[str, ...]:
    code = language.replace("_", "-").split("-")[0].lower()
    return (code,) if code and code != FALLBACK else likely(text, _AS_LIKELY)


def _covered(spans: Sequence[TimeSpan]) -> int:
    return sum(end - start for start, end in {(span.start_char, span.end_char) for span in spans})


def _in_language(text: str, at: datetime, code: str) -> list[TimeSpan]:
    words = time_words(code)
    items = items_of(text, words)
    if not any(item.means.keys() & _SAYS_TIME for item in items):
        return []
    asking = Asking(naive(at), is_future(text.lower(), words))
    for group in COMBINED:
        items = _once(_reduced(items, code, asking) if group is COMBINED[0] else items, code, group, asking)
    return [span for item in items if "@" in item.means for span in _time_spans(text, item, at)]


def _reduced(items: list[Item], code: str, asking: Asking) -> list[Item]:
    """Years meant, then every time by itself."""
    items = _once(items, code, YEARS, asking, as_year=True)
    return _once(items, code, BASE, asking)


def _once(items: list[Item], code: str, rules: tuple[Rule, ...], asking: Asking, as_year: bool = False) -> list[Item]:
    """The row with what the rules make of it, left to right, the longest first."""
    letters, patterns, anywhere = _letters(items, code), _patterns(code, rules), _any_of(code, rules)
    found: list[Item] = []
    place = 0
    while match := anywhere.search(letters, place):
        found += items[place : match.start()]
        place = match.start()
        made = _made(items, letters, place, patterns, asking, as_year)
        found.append(made[0] if made else items[place])
        place += made[1] if made else 1
    return found + items[place:]


def _made(
    items: list[Item],
    letters: str,
    place: int,
    patterns: Sequence[tuple[regex.Pattern[str], Rule]],
    asking: Asking,
    as_year: bool,
) -> tuple[Item, int] | None:
    """The longest time that begins at a place, and how many words it takes."""
    matches = [(len(found.group()), rule) for pattern, rule in patterns if (found := pattern.match(letters, place))]
    for size, rule in sorted(matches, key=lambda match: -match[0]):
        within = items[place : place + size]
        spans = _built(rule, within, asking)
        if spans and size:
            kept = [item for item in within if not item.means.keys() <= _LEADING] or within
            start = kept[0].start
            if not as_year:
                return Item({"@": spans}, start, within[-1].end), size
            if spans[0].kind == "year":
                return Item({"y": spans[0].start.year}, start, within[-1].end), size
    return None


def _built(rule: Rule, items: Sequence[Item], asking: Asking) -> list[Span]:
    """Nothing for a date that the calendar lacks or cannot hold."""
    try:
        spans = rule.build(items, asking)
    except (ValueError, OverflowError, IndexError, KeyError, StopIteration):
        return []
    return spans if isinstance(spans, list) else [spans] if spans else []


def _time_spans(text: str, item: Item, at: datetime) -> Iterator[TimeSpan]:
    for span in item.means["@"]:
        start, end = _utc(span.start, at), _utc(span.end, at)
        if start < end:
            yield TimeSpan(start, end, text[item.start : item.end], item.start, item.end, span.kind)


def _utc(moment: datetime, at: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


def _hanging(text: str, items: Sequence[Item], first: int, end: int) -> Anchored | None:
    """The words up to the next comma or end of a sentence are the anchor."""
    last = end
    while last < len(items) and last - end < _ANCHOR_WORDS and not items[last].means.keys() & {",", "9"}:
        last += 1
    if last == end:
        return None
    unit, factor = value(items[first:end], "U")
    days = (value(items[first:end], "N") or 1) * factor * _UNIT_DAYS[unit]
    before = "1" in items[end - 1].means
    anchor = text[items[end].start : items[last - 1].end]
    start, stop = items[first].start, items[last - 1].end
    return Anchored(anchor, timedelta(days=-days if before else days), text[start:stop], start, stop)


_ANCHOR_WORDS: Final = 12
_ANY_DAY: Final = datetime(2024, 1, 1)
_UNIT_DAYS: Final = {"h": 1 / 24, "d": 1, "k": 7, "e": 7, "n": 30, "q": 91, "r": 365}
# Words that stand before a time and are no part of it.
_LEADING: Final = frozenset("oIift,&")
_SAYS_TIME: Final = frozenset("YQMcmbaWwSHDCVUZ")
_LITERAL_MEANINGS: Final = ("gN", "O", "Y", "Q", "0", "Z", ",", "t", "9", "@", "y")


@lru_cache(maxsize=32)
def _alphabet(code: str) -> dict[frozenset[str], str]:
    """A letter for each set of meanings of a language's words."""
    sets = {frozenset(meanings) for meanings in _LITERAL_MEANINGS}
    for entries in time_words(code).entries.values():
        for _, means in entries:
            keys = frozenset(means)
            sets.add(keys)
            if keys & {"m", "a"}:
                sets |= {keys - {"m", "a"} | {letter} for letter in "cmba"}
    ordered = sorted(sets, key=sorted)
    return {keys: chr(_FIRST_LETTER + number) for number, keys in enumerate(ordered)}


def _letters(items: Sequence[Item], code: str) -> str:
    alphabet = _alphabet(code)
    return "".join(alphabet[frozenset(item.means)] for item in items)


@lru_cache(maxsize=256)
def _patterns(code: str, rules: tuple[Rule, ...]) -> tuple[tuple[regex.Pattern[str], Rule], ...]:
    return tuple((_compiled(rule.pattern, code), rule) for rule in rules)


@lru_cache(maxsize=256)
def _any_of(code: str, rules: tuple[Rule, ...]) -> regex.Pattern[str]:
    """Where any of the rules begins."""
    return regex.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in _patterns(code, rules)))


@lru_cache(maxsize=32)
def _anchor_pattern(code: str) -> regex.Pattern[str]:
    return _compiled(BEFORE_ANCHOR, code)


_SYNTAX: Final = re.compile(r"(\(\?<?[=!:]|[()|*+?])|\[([^\]]+)\]|(.)")


def _compiled(pattern: str, code: str) -> regex.Pattern[str]:
    """A rule over meanings as a pattern over the letters of a language's sets of meanings."""

    def written(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        wanted = frozenset(found[2] or found[3])
        return "[" + "".join(letter for keys, letter in _alphabet(code).items() if keys & wanted) + "]"

    # Runs are bounded: a text of fillers only is read in one pass.
    expanded = _SYNTAX.sub(written, pattern).replace("]*", "]{0,4}").replace("]+", "]{1,4}")
    return regex.compile(expanded.replace("[]", "(?!)"), regex.POSIX)
