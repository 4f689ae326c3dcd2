"""The word lists of each language, read from its file, and a guess at the language of a short text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import regex

LANGUAGES: Final = ("en", "de", "es", "fr", "pt", "it", "nl")
FALLBACK: Final = "und"
# A mention of the author stands as this character while rules are applied; '@' in the files.
MENTION: Final = "\ue000"

_FILES = Path(__file__).parent / "languages"
_STOPWORDS = Path(__file__).parent.parent / "stopwords"
_SPACELESS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
_WORD = re.compile(r"[^\W\d_]+").findall
_GUESSED_CHARS = 200

Rule = tuple[regex.Pattern[str], str]


@dataclass(frozen=True, slots=True)
class PersonWords:
    """How a language's question about a named person becomes one about oneself."""

    subject: str
    we: str
    our: str
    joiners: frozenset[str]
    # Names that begin a question as something else: 'Will', 'May'.
    never_first: frozenset[str]
    # Words for people, after whom a pronoun may mean someone else.
    people: frozenset[str]
    capitalised_nouns: bool
    # Verbs that a participle may part from the subject.
    auxiliaries: frozenset[str]
    together: tuple[Rule, ...]
    pronouns: tuple[Rule, ...]
    rules: tuple[Rule, ...]
    verbs: dict[str, str]
    endings: tuple[tuple[str, str], ...]
    tidy: tuple[Rule, ...]


@lru_cache(maxsize=64)
def language_file(code: str) -> dict[str, Any]:
    """The parsed file of a language, the fallback's for a language without one."""
    path = _FILES / f"{code if code in LANGUAGES else FALLBACK}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def name_words(kind: str) -> frozenset[str]:
    """The roles, the particles or the words that are also names."""
    return frozenset(tomllib.loads((_FILES / "names.toml").read_text(encoding="utf-8"))[kind].split())


@lru_cache(maxsize=64)
def person_words(code: str) -> PersonWords:
    """The `person` table of a language's file, compiled."""
    table = language_file(code)["person"]
    return PersonWords(
        subject=table["subject"],
        we=table["we"],
        our=table["our"],
        joiners=frozenset(table["joiners"]),
        never_first=frozenset(table.get("never_first", ())),
        people=frozenset(table.get("people", ())),
        capitalised_nouns=table.get("capitalised_nouns", False),
        auxiliaries=frozenset(table.get("auxiliaries", ())),
        together=_rules(table.get("together", ())),
        pronouns=_rules(table.get("pronouns", ())),
        rules=_rules(table.get("rules", ())),
        verbs=table.get("verbs", {}),
        endings=tuple((old, new) for old, new in table.get("endings", ())),
        tidy=_rules(table.get("tidy", ())),
    )


def apply(rules: Iterable[Rule], text: str) -> str:
    """The text after each substitution in turn."""
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def resolve(language: str, text: str) -> str:
    """The file to read a text with: that of `language` (ISO 639-1, region or not), or of the guess when unknown."""
    code = language.split("-")[0].lower()
    if code in LANGUAGES:
        return code
    return guess(text) if code in ("", FALLBACK) else FALLBACK


def guess(text: str) -> str:
    """The most likely of LANGUAGES by its function words, English when none speaks; 'und' in scripts of others."""
    return likely(text)[0]


def likely(text: str, share: float = 0.0) -> tuple[str, ...]:
    """LANGUAGES that a text may be in, best first; of a text without function words all, English first.

    Those with less than `share` of the best one's votes are left out.
    """
    words = _sampled(text)
    if words is None:
        return (FALLBACK,)
    counted = _votes(words)
    if not any(counted):
        return LANGUAGES if not words or any(map(_is_latin, words)) else (FALLBACK,)
    least = max(1.0, share * max(counted))
    voted = [(-weight, place) for place, weight in enumerate(counted) if weight >= least]
    return tuple(LANGUAGES[place] for _, place in sorted(voted))


def _sampled(text: str) -> list[str] | None:
    """The first words, lower case; None when a quarter of the text is in a script without spaces."""
    sample = text[:_GUESSED_CHARS]
    if not sample.isascii() and 4 * len(_SPACELESS.findall(sample)) >= len(sample):
        return None
    return _WORD(sample.lower())


def _votes(words: list[str]) -> list[int]:
    votes = [0] * len(LANGUAGES)
    speakers = _speakers()
    for word in (*words, *map(" ".join, pairwise(words))):
        if word in speakers:
            for place, weight in speakers[word]:
                votes[place] += weight
    return votes


def stopwords(code: str) -> frozenset[str]:
    """The function words of a language, lower case."""
    return frozenset((_STOPWORDS / f"{code}.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1)
def _speakers() -> dict[str, list[tuple[int, int]]]:
    """The languages (by place) in which a word is a function word, and its weight: the fewer, the more it tells."""
    speakers: dict[str, list[int]] = {}
    for place, code in enumerate(LANGUAGES):
        for word in stopwords(code) | set(language_file(code)["marks"]):
            speakers.setdefault(word, []).append(place)
    return {word: [(place, 60 // len(places)) for place in places] for word, places in speakers.items()}


def _is_latin(word: str) -> bool:
    return word < "\u0250"


def _rules(rows: Iterable[Iterable[str]]) -> tuple[Rule, ...]:
    return tuple(_compiled(rows))


def _compiled(rows: Iterable[Iterable[str]]) -> Iterator[Rule]:
    for pattern, replacement in rows:
        yield regex.compile(pattern.replace("@", MENTION), regex.IGNORECASE), replacement.replace("@", MENTION)
