"""Acronyms and what they stand for, learnt where a text says both: 'Service Level Objective (SLO)'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import regex

_READ_CHARS: Final = 50_000
_LONGEST: Final = 10
_BEFORE_CHARS: Final = 150
_IN_BRACKETS: Final = regex.compile(r"[(（\[]([^()（）\[\]\n]{2,120})[)）\]]")
_WORD_BEFORE: Final = regex.compile(r"([\p{L}\p{N}][\p{L}\p{N}&./\-]{1,9})[\"'”’»]?\s?$")
_STANDS_FOR: Final = regex.compile(
    r"(?<!\w)([\p{Lu}][\p{Lu}\p{N}&\-]{1,8}s?)[\"'”’»]?,? (?:stands for|is short for|short for|steht für"
    r"|significa|signifie|veut dire|staat voor|sta per|quer dizer) [\"'“‘«„]?([^\n.;:,()]{3,120})"
)
_CLAUSE_END: Final = regex.compile(r"[.;:!?\n()\[\]]")
_SPACES: Final = regex.compile(r"\s+")


def acronym_pairs(text: str) -> list[tuple[str, str]]:
    """Acronyms with their expansions, each pair once, in order; the first 50,000 characters are read.

    Both directions: 'Service Level Objective (SLO)', 'SLO (Service Level Objective)', 'SLO stands for …'. An expansion
    holds the acronym's letters in order, the first at the beginning of a word (A. S. Schwartz and M. A. Hearst, A
    Simple Algorithm for Identifying Abbreviation Definitions in Biomedical Text, Pacific Symposium on Biocomputing
    2003). Plurals are given in the singular.
    """
    return list(dict.fromkeys(map(_singular, _pairs(text[:_READ_CHARS]))))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    found = [(match.start(), pair) for match in _IN_BRACKETS.finditer(text) for pair in _bracketed(text, match)]
    found += [(match.start(), pair) for match in _STANDS_FOR.finditer(text) for pair in _explained(match)]
    return (pair for _, pair in sorted(found))


def _bracketed(text: str, match: regex.Match[str]) -> Iterator[tuple[str, str]]:
    """The short form inside the brackets, or before them with the long form inside."""
    inside = regex.split(r"[,;:]", match[1])[0].strip(" \"'“”‘’«»„")
    before = _CLAUSE_END.split(text[max(0, match.start() - _BEFORE_CHARS) : match.start()])[-1]
    if _is_short(inside):
        long = _long_form(inside, _last_words(before, inside))
        if long:
            yield inside, long
        return
    short = _WORD_BEFORE.search(before)
    if short and _is_short(short[1]) and _long_form(short[1], inside) == inside:
        yield short[1], inside


def _explained(match: regex.Match[str]) -> Iterator[tuple[str, str]]:
    """The fewest words after 'stands for' whose initials spell the short form, else that hold its letters."""
    short, words = match[1], match[2].split()
    begun = [words[:count] for count in range(1, min(len(words), _most_words(short)) + 1)]
    spelt = next((some for some in begun if _spells(short, some)), None)
    held = spelt or next((some for some in begun if _long_form(short, " ".join(some)) == " ".join(some)), None)
    if held:
        yield short, " ".join(held).strip("\"'“”‘’«»„")


def _spells(short: str, words: list[str]) -> bool:
    """The initials are the short form's letters; words between may be left out ('of', 'und')."""
    initials = iter(word[0].lower() for word in words)
    letters = [letter.lower() for letter in short.removesuffix("s") if letter.isalnum()]
    return all(letter in initials for letter in letters) and next(initials, None) is None


def _is_short(form: str) -> bool:
    """Two to ten characters of at most two words, with capitals: '(see)' and '(2)' are none."""
    letters = [character for character in form if character.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    return (
        2 <= len(form) <= _LONGEST
        and form.count(" ") <= 1
        and form[0].isalnum()
        and capitals >= 2
        and 2 * capitals >= len(letters)
    )


def _most_words(short: str) -> int:
    size = sum(character.isalnum() for character in short)
    return min(size + 5, size * 2)


def _last_words(text: str, short: str) -> str:
    return " ".join(text.split()[-_most_words(short) :])


def _long_form(short: str, candidate: str) -> str | None:
    """The shortest end of a candidate that holds the short form's letters, read from the right."""
    place = len(candidate) - 1
    for index in range(len(short) - 1, -1, -1):
        letter = short[index].lower()
        if not letter.isalnum():
            continue
        while place >= 0 and (
            candidate[place].lower() != letter or (index == 0 and place > 0 and candidate[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return None
        place -= 1
    start = candidate.rfind(" ", 0, place + 1) + 1
    # A bracket or quote before the word is no part of it.
    long = candidate[max(start, place + 1) :].strip(" \"'“”‘’«»„,")
    return long if _is_long(long, short) else None


def _is_long(long: str, short: str) -> bool:
    words = _SPACES.split(long)
    return len(long) > len(short) and short not in words and len(words) <= _most_words(short)


def _singular(pair: tuple[str, str]) -> tuple[str, str]:
    short, long = pair
    if short.endswith("s") and short[:-1].isupper() and len(short) > 2:
        return short[:-1], long[:-1] if long.endswith("s") else long
    return pair
