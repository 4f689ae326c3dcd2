"""What a question asks for, and what a memory's text holds that may answer it."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import IntFlag
from functools import lru_cache
from typing import Final

import regex

from memories.questions._calendar import country_names, month_names, weekday_names
from memories.questions._languages import FALLBACK, LANGUAGES, language_file, resolve

_READ_CHARS: Final = 8000
_QUESTION_CHARS: Final = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for; several may be true at once.

    `by_assistant`: about what the assistant said ('you told me'); `by_user`: about the asker ('I', 'we decided').
    `latest` and `first` ask for the newest and the oldest state, `several` for more than one memory, `ordering` for
    their order, `summary` for all in short.
    """

    when: bool = False
    where: bool = False
    who: bool = False
    how_many: bool = False
    how_long: bool = False
    yes_no: bool = False
    by_assistant: bool = False
    by_user: bool = False
    latest: bool = False
    first: bool = False
    several: bool = False
    ordering: bool = False
    summary: bool = False


class Cue(IntFlag):
    """What a text holds; the values are stored (they fit a smallint) and never change their meaning."""

    DATE = 1
    PLACE = 2
    PERSON = 4
    NUMBER = 8
    QUESTION = 16
    FIRST_PERSON = 32
    NEGATION = 64


# A word that measures time, which is a date together with others only: 'two weeks ago'.
_UNIT: Final = 1 << 10
# A month or weekday that is another word too: 'may'.
_AMBIGUOUS: Final = 1 << 11


# Who asks one of these wants more than yes or no, however the question begins.
_OPEN: Final = ("when", "where", "who", "how_many", "how_long")


@dataclass(frozen=True, slots=True)
class _HoldsWords:
    """A language's words by what they are, as written and with a capital, and the patterns of several words."""

    flags: dict[str, int]
    # Months and weekdays; no names of people or places, though written with a capital.
    calendar: frozenset[str]
    time_phrase: re.Pattern[str]
    ambiguous: re.Pattern[str]
    place_before: re.Pattern[str]
    capitalised_nouns: bool
    anywhere: tuple[tuple[re.Pattern[str], int], ...]


def asked(question: str, language: str = "") -> Asked:
    """What a question asks for, by its language's words; the language (ISO 639-1) is guessed when unknown."""
    text = " ".join(question[:_QUESTION_CHARS].lower().split())
    patterns = _asked_patterns(resolve(language, text))
    found = {name: pattern.search(text) is not None for name, pattern in patterns.items()}
    found["yes_no"] = found["yes_no"] and not any(found[name] for name in _OPEN)
    return Asked(**found)


def holds(text: str, language: str = "") -> Cue:
    """The cues of a memory's text (its first 8,000 characters); the language (ISO 639-1) is guessed when unknown."""
    asks = Cue.QUESTION if _ends_as_question(text) else Cue(0)
    text = text[:_READ_CHARS]
    words = _holds_words(resolve(language, text))
    flags = int(asks)
    known = words.flags
    for word in set(_TOKENS(text)):
        flags |= known.get(word, 0)
    if "n't" in text or "n’t" in text:
        flags |= Cue.NEGATION
    flags |= _of_dates(text, words, flags)
    flags |= _of_names(text, words, flags)
    if words.anywhere and not text.isascii():
        flags |= _of_scripts(text, words, flags)
    return Cue(flags & _STORED)


_TOKENS: Final = re.compile(r"[^\W\d_]+").findall
_DIGIT: Final = re.compile(r"\d")
_STORED: Final = int(~Cue(0))
# Clock times, numeric dates, and years of people's lives.
_DATE_DIGITS: Final = re.compile(
    r"(?<![\d.,])(?:\d{1,2}:\d\d|\d{1,2}\s?[ap]\.?m\b|\d{4}-\d\d?-\d\d?|\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d\d)"
    r"|(?:19|20)\d\d|\d{1,2}\s?(?:h\d\d|uhr\b))(?![\d,]|\.\d)",
    re.IGNORECASE,
)
_CAPITAL: Final = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĘĚĜĞĠĢĤĪĬĮİĹĽŁŃŅŇŌŐŒŔŘŚŜŞŠŢŤŪŮŰŲŹŻŽΑ-ΩА-ЯЁ"
_NAME: Final = re.compile(rf" (?:[dlDL]['’])?([{_CAPITAL}]\w+)")
# A capital after these stands inside a sentence.
_INSIDE: Final = frozenset(",;-")
_BEFORE_CHARS: Final = 30
_ASKS_AT_END: Final = frozenset("?？؟;՞፧⸮")
_SPACELESS: Final = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _ends_as_question(text: str) -> bool:
    """Brackets, quotes, emoji and spaces may follow the mark."""
    for character in reversed(text[-40:]):
        if character in _ASKS_AT_END:
            return True
        if character.isalnum() or character in ".!。！":
            return False
    return False


def _of_dates(text: str, words: _HoldsWords, flags: int) -> int:
    """Numbers, and the dates that take more than one word: looked for only where a part of one was met."""
    has_digit = _DIGIT.search(text) is not None
    found = int(Cue.NUMBER) if has_digit else 0
    if flags & Cue.DATE:
        return found
    is_date = (
        (has_digit and _DATE_DIGITS.search(text))
        or (flags & _UNIT and words.time_phrase.search(text))
        or (flags & _AMBIGUOUS and words.ambiguous.search(text))
    )
    return found | (Cue.DATE if is_date else 0)


def _of_names(text: str, words: _HoldsWords, flags: int) -> int:
    """A name inside a sentence is a place after a preposition, else a person; in German every noun has a capital."""
    missing = (Cue.PLACE | Cue.PERSON) & ~flags
    found = 0
    for name in _NAME.finditer(text):
        if not missing & ~found:
            break
        word, start = name[1], name.start()
        if word in words.calendar or not (text[start - 1].isalnum() or text[start - 1] in _INSIDE):
            continue
        if words.place_before.search(text, max(0, start - _BEFORE_CHARS), name.start(1)):
            found |= Cue.PLACE
        elif not words.capitalised_nouns and word not in words.flags:
            found |= Cue.PERSON
    return found


def _of_scripts(text: str, words: _HoldsWords, flags: int) -> int:
    if not _SPACELESS.search(text):
        return 0
    for pattern, cue in words.anywhere:
        if not flags & cue and pattern.search(text):
            flags |= cue
    return flags


@lru_cache(maxsize=16)
def _asked_patterns(code: str) -> dict[str, regex.Pattern[str]]:
    table = language_file(code)["asked"]
    # Scripts without spaces have no ends of words.
    letter = r"[\p{Latin}\p{Cyrillic}]" if code == FALLBACK else r"\w"
    return {
        field.name: regex.compile(
            rf"(?<!{letter})(?:{'|'.join(map(_from_start, table[field.name]))})(?!{letter})", regex.VERSION1
        )
        for field in fields(Asked)
    }


# A sentence's beginning: its opening marks, and a word that leads in.
_START: Final = (
    r"(?:^|(?<=[.?!:;]\s))[¿¡\"“„«]*"
    r"(?:(?:and|so|but|ok|okay|hey|hi|well|also|und|aber|y|pero|et|mais|e|mas|ma|en|maar),?\s)?"
)


def _from_start(pattern: str) -> str:
    """'^' is the beginning of any sentence, and the end of the question may have its mark."""
    pattern = _START + pattern[1:] if pattern.startswith("^") else pattern
    return pattern[:-1] + r"(?=\s?[?.!]*$)" if pattern.endswith("$") else pattern


@lru_cache(maxsize=16)
def _holds_words(code: str) -> _HoldsWords:
    table = language_file(code)["holds"]
    calendar, ambiguous = _calendar_names(code), {*table["full_names"], *table["abbreviations"]}
    flags: dict[str, int] = {}
    for key, cue in _WORD_CUES.items():
        for word in table[key]:
            _add(flags, word, cue)
    for name in calendar - ambiguous:
        _add(flags, name, Cue.DATE)
    for name in ambiguous:
        _add(flags, name, _AMBIGUOUS)
    for country in country_names(code) - _ALSO_PEOPLE:
        flags[country] = flags.get(country, 0) | Cue.PLACE
    return _HoldsWords(
        flags=flags,
        calendar=frozenset(name.capitalize() for name in calendar) | _NOBODY,
        time_phrase=re.compile(rf"(?<!\w)(?:{table['time_phrase']})(?!\w)", re.IGNORECASE),
        ambiguous=_ambiguous(table["full_names"], table["abbreviations"]),
        place_before=re.compile(rf"(?<!\w)(?:{table['place_before']})\s?$", re.IGNORECASE),
        capitalised_nouns=language_file(code)["person"].get("capitalised_nouns", False),
        anywhere=_anywhere(table.get("anywhere", {})),
    )


_WORD_CUES: Final = {
    "relative": Cue.DATE,
    "units": _UNIT,
    "places": Cue.PLACE,
    "kin": Cue.PERSON,
    "numbers": Cue.NUMBER,
    "first_person": Cue.FIRST_PERSON,
    "negation": Cue.NEGATION,
}
_ALSO_PEOPLE: Final = frozenset(("Jordan", "Chad", "Georgia", "Israel"))
_NOBODY: Final = frozenset(("I", "OK", "Ok", "TV", "PC", "AI", "API", "PDF", "CSS", "HTML", "SQL", "JSON"))


def _add(flags: dict[str, int], word: str, cue: int) -> None:
    """A word in lower case counts with a capital too; one that is written with a capital in the file only so."""
    for form in (word, word.capitalize()) if word.islower() else (word,):
        flags[form] = flags.get(form, 0) | cue


def _calendar_names(code: str) -> frozenset[str]:
    languages = (code,) if code in LANGUAGES else _OTHER_CALENDARS
    return frozenset(name for language in languages for name in (*month_names(language), *weekday_names(language)))


# The calendars read in texts of languages without a file.
_OTHER_CALENDARS: Final = ("ru", "uk", "pl", "cs", "sv", "da", "nb", "fi", "hu", "tr", "ro", "el", "ar", "he", "en")


def _ambiguous(full: list[str], short: list[str]) -> re.Pattern[str]:
    """Such a name beside a number, or a full one with a capital inside a sentence: '3 May', 'in May'."""
    names = "|".join([*full, *short]) or "(?!)"
    inside = "|".join(name.capitalize() for name in full) or "(?!)"
    return re.compile(
        rf"\d(?:st|nd|rd|th|\.|er)? (?:de |of )?(?i:{names})(?!\w)|(?<!\w)(?i:{names})\.? \d"
        rf"|(?<=[\w,] )(?:{inside})(?!\w)"
    )


def _anywhere(table: dict[str, str]) -> tuple[tuple[re.Pattern[str], int], ...]:
    return tuple((re.compile(pattern), Cue[name.upper()]) for name, pattern in table.items())
