"""A text as a row of words of time: what each word may mean, by its language's lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from memories.questions._calendar import month_names, weekday_names
from memories.questions._languages import FALLBACK, LANGUAGES, language_file
from memories.questions._moments import Span, date_span, month_span, year_span

# What a word may mean, one letter each; the rules are written in these letters.
#   g digits  N number  v vague number  O ordinal  Y year  y year meant ('last year')  Q quarter
#   M month  c with a capital and also another word  m in lower case and so  b, a abbreviated, with a capital or not
#   W weekday  w also another word  S season  H holiday  D day from today  C its part  P part of a day
#   V period from now
#   U unit, and which: h d k n r e q  (hour, day, week, month, year, weekend, quarter)
#   L last  p past  X next  T this  A ago after, B before the number  F in, before  G from now, after the number
#   I in  i on  o filler  E K J early, middle, late  R between  f from  t to  & and  1 before  u until  2 after  s since
#   ~ around  x week number follows  Z date in digits  , comma  9 end of a sentence  0 any other word
_LISTS: Final = {
    "last": "L", "past": "p", "next": "X", "this": "T", "ago": "A", "ago_before": "B", "ahead": "F", "later": "G",
    "in": "I", "on": "i", "fill": "o", "early": "E", "middle": "K", "late": "J", "between": "R", "from": "f", "to": "t",
    "and": "&", "before": "1", "until": "u", "after": "2", "since": "s", "around": "~", "week": "x",
}  # fmt: skip
_TABLES: Final = {
    "numbers": "N",
    "vague": "v",
    "ordinals": "O",
    "days": "D",
    "parts": "P",
    "seasons": "S",
    "holidays": "H",
}
# Calendars of languages without a file, beside the text's own: by script they do not meet.
_OTHER_CALENDARS: Final = ("ru", "uk", "el", "ar", "he", "hi", "th")
# '3.' ends a sentence in these; elsewhere it is the third.
_NO_ORDINAL_POINT: Final = frozenset(("en", "es", "fr", "pt", "it", "nl"))
_DATE: Final = r"(?<![\w.,/:\-])(?:{})(?![\w/:]|[.,\-]\d)"
_LEXER: Final = re.compile(
    "|".join(
        (
            r"(?P<iso>" + _DATE.format(r"(?:19|20)\d\d(?P<s>[\-/.])\d{1,2}(?P=s)\d{1,2}(?:T\d[\d:.]*Z?)?") + ")",
            r"(?P<iso_month>" + _DATE.format(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])") + ")",
            r"(?P<numeric>" + _DATE.format(r"\d{1,2}(?P<t>[/.\-])\d{1,2}(?P=t)(?:(?:19|20)\d\d|(?<=[/.])\d\d)") + ")",
            r"(?P<decade>(?<!\w)(?:(?:19|20)\d0|['’]?[2-9]0)['’]?s(?!\w))",
            r"(?P<quarter>(?<![\w\-])[QqTtKk][1-4](?!\w))",
            r"(?P<ordinal>(?<![\w.,])\d{1,2}(?:(?:st|nd|rd|th|er|ère|re|º|ª|°|ste|de|e)(?!\w)|\.(?= ?[^\W\d_])))",
            r"(?P<year>(?:(?<![\w.,$€£¥#/\-:])|(?<=(?:19|20)\d\d[\-–]))(?:19|20)\d\d"
            r"(?![\w%°/:]|[.,]\d| ?[€$£]|-(?!(?:19|20)\d\d(?!\d))\d))",
            r"(?P<digits>(?<![\w.,$€£¥#])\d{1,3}(?![\w%]|[.,:]\d))",
            r"(?P<other>\d[\w.,:]*)",
            r"(?P<word>[^\W\d_]+)",
            r"(?P<comma>,|，|、)",
            r"(?P<dash>\s?[–—-]\s?)",
            r"(?P<bracket>[()\[\]{}])",
            r"(?P<end>[.!?;:…\n。！？；؟])",
        )
    )
)
# In scripts without spaces digits stand beside letters, and a year beside its sign.
_SPACELESS_LEXER: Final = re.compile(
    r"(?P<year>(?:19|20)\d\d)\s?[年년]?|(?P<month>1[0-2]|0?[1-9])\s?[月월](?!\s?前)|(?P<digits>\d{1,3})(?:\s?[日号號일](?!\s?[間前전]))?"
    r"|(?P<end>[。！？!?；\n])|(?P<comma>[,，、])"
)
_SPACELESS: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(slots=True)
class Item:
    """A word or more [start:end) with what it may mean: a value for each letter."""

    means: dict[str, Any]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TimeWords:
    """A language's words of time, by their first word; each is the words and their meanings."""

    code: str
    entries: dict[str, list[tuple[tuple[str, ...], dict[str, Any]]]]
    spaceless: re.Pattern[str] | None
    quarters: frozenset[str]
    future: frozenset[str]
    # English writes the month first where only slashes part the digits; both readings are given.
    month_first: bool


@lru_cache(maxsize=32)
def time_words(code: str) -> TimeWords:
    """The words of a language's file with its calendar; of the fallback's file and its calendar for other languages."""
    table = language_file(code)["times"]
    entries: dict[str, list[tuple[tuple[str, ...], dict[str, Any]]]] = {}
    for phrase, meanings in _meanings(table, code).items():
        words = tuple(_WORDS(phrase))
        if words:
            entries.setdefault(words[0], []).append((words, meanings))
    for same in entries.values():
        same.sort(key=lambda entry: -len(entry[0]))
    return TimeWords(
        code=code,
        entries=entries,
        spaceless=None if code in LANGUAGES else _spaceless(table),
        quarters=frozenset(table["quarters"]),
        future=frozenset(table["future"]),
        month_first=code == "en",
    )


def items_of(text: str, words: TimeWords) -> list[Item]:
    """The text's words in order, the longest entries first."""
    if words.spaceless and _SPACELESS.search(text):
        return list(_spaceless_items(text, words))
    found = list(_tokens(text, words))
    items: list[Item] = []
    place = 0
    while place < len(found):
        size, item = _longest(found, place, words, text)
        items.append(item)
        place += size
    return items


_WORDS: Final = re.compile(r"[^\W_]+").findall


def _meanings(table: dict[str, Any], code: str) -> dict[str, dict[str, Any]]:
    """Each phrase with its meanings: a word may have several ('vor': before, ago)."""
    found: dict[str, dict[str, Any]] = {}

    def add(phrase: str, letter: str, value: Any) -> None:
        found.setdefault(phrase.lower(), {})[letter] = value

    for key, letter in _LISTS.items():
        for phrase in table.get(key, ()):
            add(phrase, letter, True)
    for key, letter in _TABLES.items():
        for phrase, value in table[key].items():
            add(phrase, letter, value)
            if letter == "v":
                add(phrase, "N", value)
    for phrase, unit in table["units"].items():
        add(phrase, "U", (unit[0], int(unit[1:] or 1)))
        add(phrase, unit[0], True)
    for phrase, value in table["day_parts"].items():
        add(phrase, "C", tuple(value))
    for phrase, period in table.get("periods", {}).items():
        add(phrase, "V", (period[0], int(period[1:])))
    _add_calendar(add, table, code)
    return found


def _add_calendar(add: Any, table: dict[str, Any], code: str) -> None:
    codes = (code,) if code in LANGUAGES else (code, *_OTHER_CALENDARS)
    ambiguous = set(table["ambiguous_months"])
    for language in reversed(codes):
        months = month_names(language)
        full = {number: name for name, number in reversed(months.items())}
        for name, number in months.items():
            abbreviated = name != full[number] and full[number].startswith(name)
            add(name, "m" if name in ambiguous else "a" if abbreviated else "M", number)
        weekdays = weekday_names(language)
        longest = {number: name for name, number in reversed(weekdays.items())}
        for name in longest.values():
            add(name, "W", weekdays[name])
    for name, number in table["months"].items():
        add(name, "a" if len(name) < 5 and code in LANGUAGES else "M", number)
    for key, letter in (("weekdays", "W"), ("weak_weekdays", "w")):
        for name, number in table.get(key, {}).items():
            add(name, letter, number)


def _spaceless(table: dict[str, Any]) -> re.Pattern[str]:
    """The fallback's entries in scripts without spaces, longest first; a word before a weekday stands alone."""
    entries = [entry for entry in _meanings(table, FALLBACK) if _SPACELESS.match(entry)]
    listed = "|".join(map(re.escape, sorted(entries, key=len, reverse=True)))
    before_weekday = r"[上下本这這](?=(?:周|週|星期|礼拜)[一二三四五六日天])"
    return re.compile(rf"{before_weekday}|(?:{listed})")


def _spaceless_items(text: str, words: TimeWords) -> Iterator[Item]:
    place = 0
    while place < len(text):
        found = words.spaceless.match(text, place) if words.spaceless else None
        if found:
            yield Item(_entry(found.group(), words), place, found.end())
        elif literal := _SPACELESS_LEXER.match(text, place):
            yield Item(_literal(literal, words), place, literal.end())
            found = literal
        elif not text[place].isspace():
            yield Item({"0": True}, place, place + 1)
        place = found.end() if found else place + 1


def _entry(phrase: str, words: TimeWords) -> dict[str, Any]:
    parts = tuple(_WORDS(phrase))
    return next((means for entry, means in words.entries.get(parts[0], ()) if entry == parts), {"0": True})


def _tokens(text: str, words: TimeWords) -> Iterator[Item]:
    for found in _LEXER.finditer(text):
        kind = found.lastgroup
        if kind == "ordinal" and found.group()[-1] == "." and words.code in _NO_ORDINAL_POINT:
            number, end = int(found.group()[:-1]), found.end()
            yield Item({"g": number, "N": number}, found.start(), end - 1)
            yield Item({"9": True}, end - 1, end)
            continue
        means = {"word": found.group().lower()} if kind == "word" else _literal(found, words)
        yield Item(means, found.start(), found.end())


def _literal(found: re.Match[str], words: TimeWords) -> dict[str, Any]:
    """What a token that is no word means."""
    kind, text = found.lastgroup, found.group()
    if kind == "digits":
        number = int(found["digits"])
        return {"g": number, "N": number}
    if kind == "ordinal":
        return {"O": int(re.match(r"\d+", text)[0])}  # type: ignore[index]
    if kind == "year":
        return {"Y": int(text[:4])}
    if kind == "month":
        return {"M": int(found["month"])}
    if kind == "quarter":
        known = text[0].lower() in words.quarters and (text[0].isupper() or text[0] == "q")
        return {"Q": int(text[1])} if known else {"0": True}
    if kind in ("iso", "iso_month", "numeric", "decade"):
        spans = _numeric_spans(kind, text, words)
        return {"Z": spans} if spans else {"0": True}
    return {{"comma": ",", "dash": "t", "end": "9"}.get(kind or "", "0"): True}


def _numeric_spans(kind: str, text: str, words: TimeWords) -> list[Span]:
    """The readings of a date in digits, the likelier first; none when there is no such date."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if kind == "decade":
        first = numbers[0] if numbers[0] > 99 else numbers[0] + (2000 if numbers[0] == 20 else 1900)
        return [year_span(first, 10)]
    if kind == "iso_month":
        return [month_span(numbers[0], numbers[1])]
    if kind == "iso":
        return _dates((numbers[0], numbers[1], numbers[2]))
    first, second, year = numbers
    year = year if year > 99 else year + (2000 if year < 70 else 1900)
    day_first, month_first = (year, second, first), (year, first, second)
    if "/" not in text:
        return _dates(day_first)
    return _dates(month_first, day_first) if words.month_first else _dates(day_first, month_first)


def _dates(*readings: tuple[int, int, int]) -> list[Span]:
    spans = []
    for reading in dict.fromkeys(readings):
        try:
            spans.append(date_span(*reading))
        except ValueError:
            continue
    return spans


def _longest(found: list[Item], place: int, words: TimeWords, text: str) -> tuple[int, Item]:
    """How many tokens the longest entry takes, and the entry."""
    item = found[place]
    first = item.means.get("word") or (
        text[item.start : item.end].lower() if "N" in item.means or "O" in item.means else ""
    )
    for entry, means in words.entries.get(first, ()):
        size = _size(found, place, entry, text)
        if size:
            end = found[place + size - 1].end
            return size, Item(_in_case(means, item, found, place, text), item.start, end)
    return 1, item if "word" not in item.means else Item({"0": True}, item.start, item.end)


def _size(found: list[Item], place: int, entry: tuple[str, ...], text: str) -> int:
    """How many tokens an entry takes that begins at a place: spaces, an apostrophe or hyphens part its words."""
    last, number = found[place].end, 1
    for size, item in enumerate(found[place + 1 : place + 2 * len(entry)], start=2):
        if number == len(entry):
            break
        if item.start - last > 1:
            return 0
        last = item.end
        if text[item.start : item.end] == "-":
            continue
        if text[item.start : item.end].lower() != entry[number]:
            return 0
        number += 1
        if number == len(entry):
            return size
    return 1 if number == len(entry) else 0


def _in_case(means: dict[str, Any], item: Item, found: list[Item], place: int, text: str) -> dict[str, Any]:
    """A month that is another word too: its capital tells, unless a sentence begins with it."""
    if "m" not in means and "a" not in means:
        return means
    capital = text[item.start].isupper()
    first = place == 0 or "9" in found[place - 1].means
    letter = ("c" if capital and not first else "m") if "m" in means else ("b" if capital else "a")
    number = means.get("m") or means.get("a")
    return {**{key: value for key, value in means.items() if key not in "ma"}, letter: number}


def is_future(text: str, words: TimeWords) -> bool:
    """The text speaks of what is to come."""
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in words.future)


def naive(moment: datetime) -> datetime:
    """The asker's own clock."""
    return moment.replace(tzinfo=None)
