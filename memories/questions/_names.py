"""Names that a question may hold: quoted words, capitalised words, acronyms and identifiers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex

from memories.questions._calendar import month_names, weekday_names
from memories.questions._languages import FALLBACK, LANGUAGES, language_file, name_words, resolve, stopwords

_READ_CHARS: Final = 2000
_MOST: Final = 20
_QUOTED: Final = regex.compile(
    r"\"([^\"\n]{2,80})\"|“([^”\n]{2,80})”|„([^“”\n]{2,80})[“”]|«\s?([^»\n]{2,80}?)\s?»|‘([^’\n]{2,80})’(?!\w)"
    r"|(?<!\w)'([^'\n]{2,80})'(?!\w)|「([^」\n]{1,80})」|『([^』\n]{1,80})』|《([^》\n]{1,80})》|`([^`\n]{2,80})`"
)
_WORD: Final = r"\p{Lu}[\p{L}\p{M}\p{N}]*(?:[.&\-]\p{Lu}?[\p{L}\p{M}\p{N}]+|['’](?!s\b)\p{Lu}[\p{L}\p{M}]+)*"
# Small words inside a name, never at its ends: 'Ludwig van Beethoven', 'Bank of England'.
_INNER: Final = "of|the|&|von|van|der|den|de|la|le|del|da|do|dos|di|du|des|für|ter|ten|bin|al|el"
_CAPITALISED: Final = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}@#_]){_WORD}(?:\s(?:(?:{_INNER})\s){{0,2}}{_WORD}|\s\p{{N}}{{1,4}}(?:\.\p{{N}}{{1,3}})*(?!\w))*"
)
# 'iPhone', 'gpt-4', 'snake_case', 'example.org', '@anna'.
_IDENTIFIER: Final = regex.compile(
    r"(?<![\w.@])(?:\p{Ll}{1,3}\p{Lu}\w+|@\w{2,40}|\p{L}+-?\p{N}+(?:[.\-]\w+)*|\w+_\w+|\w{2,40}\.\p{Ll}{2,6})(?!\w)"
)
_KATAKANA: Final = regex.compile(r"[\p{Katakana}ー]{2,}(?:[・=][\p{Katakana}ー]{2,})*")
_SENTENCE_START: Final = regex.compile(r"(?:^|[.?!¿¡:;\n]\s*[\"“„«(‘']?)$")
_BEFORE: Final = regex.compile(r"(\p{L}+)[\s]$")


def proper_names(question: str, language: str = "") -> tuple[str, ...]:
    """Candidates for the names of entities in a question, as written, in order, at most 20.

    Quoted words, runs of capitalised words, acronyms and identifiers. In German, where every noun has a capital, a word
    after an article or with a noun's ending is left out. Months, weekdays and the words that begin a question are no
    names. For other scripts the quoted, the katakana and the Latin. The language (ISO 639-1) is guessed when unknown.
    """
    text = question[:_READ_CHARS]
    code = resolve(language, text)
    quoted = [(match.start(), next(filter(None, match.groups())).strip()) for match in _QUOTED.finditer(text)]
    rest = _QUOTED.sub(lambda match: " " * len(match.group()), text)
    found = [*quoted, *_capitalised(rest, code)]
    found += [(match.start(), match.group()) for match in _IDENTIFIER.finditer(rest)]
    found += [(match.start(), match.group()) for match in _KATAKANA.finditer(rest)]
    return tuple(dict.fromkeys(name for _, name in sorted(found) if name))[:_MOST]


def _capitalised(text: str, code: str) -> Iterator[tuple[int, str]]:
    nouns = language_file(code)["person"].get("capitalised_nouns", False)
    for match in _CAPITALISED.finditer(text):
        start, words = _without_first(text, match.start(), match.group().split(" "), code)
        if not words or _is_calendar(words, code):
            continue
        if nouns and len(words) == 1 and _is_noun(text, start, words[0]):
            continue
        yield start, regex.sub(r"['’]s?$", "", " ".join(words))


def _without_first(text: str, start: int, words: list[str], code: str) -> tuple[int, list[str]]:
    """The run without a first word that has its capital only because a sentence begins with it."""
    at_start = _SENTENCE_START.search(text, max(0, start - 4), start) is not None
    while words and words[0].lower() in _common_words(code) and (at_start or not _stands_out(words[0], code)):
        start += len(words[0]) + 1
        words, at_start = words[1:], False
    return start, words


def _stands_out(word: str, code: str) -> bool:
    """Inside a sentence, a word whose capital must mean something: 'IT', 'Will'."""
    names = name_words("also_words") | set(language_file(code)["person"].get("never_first", ()))
    return (len(word) > 1 and word.isupper()) or word.lower() in names


def _is_calendar(words: list[str], code: str) -> bool:
    return all(word.lower().removesuffix("s") in _calendar(code) or word.isdigit() for word in words)


def _is_noun(text: str, start: int, word: str) -> bool:
    """A German noun by what stands before it, or by its ending."""
    if word.isupper() or any(letter.isupper() for letter in word[1:]):
        return False
    before = _BEFORE.search(text, max(0, start - 30), start)
    return bool((before and before[1].lower() in _noun_words()[0]) or _noun_words()[1].search(word))


@lru_cache(maxsize=1)
def _noun_words() -> tuple[frozenset[str], regex.Pattern[str]]:
    """The words that stand before a German noun, and the ends of nouns."""
    table = language_file("de")["names"]
    return frozenset(table["before_noun"]), regex.compile(rf"(?:{'|'.join(table['noun_endings'])})$")


@lru_cache(maxsize=16)
def _common_words(code: str) -> frozenset[str]:
    """What begins a sentence with a capital without being a name."""
    codes = (code,) if code in LANGUAGES else LANGUAGES
    words: set[str] = set(name_words("begins_sentence"))
    for each in codes:
        marks = {word for word in language_file(each)["marks"] if " " not in word}
        words |= stopwords(each) | marks | set(language_file(each)["person"].get("people", ()))
    return frozenset(words - _calendar(code)) | {"i"}


@lru_cache(maxsize=16)
def _calendar(code: str) -> frozenset[str]:
    language = "en" if code == FALLBACK else code
    return frozenset(month_names(language)) | frozenset(weekday_names(language)) | {"am", "pm"}
