"""When two names may be one thing's: the rules, each with the reason that is shown."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from enrichment.entities._words import word_set

_TITLES: Final = word_set("titles")
_SUFFIXES: Final = word_set("name_suffixes")
_PARTICLES: Final = word_set("particles")
_LEGAL: Final = re.compile(
    r"[\s,]+(?:inc|incorporated|corp|corporation|co|company|ltd|limited|llc|llp|plc|gmbh|ag|kg|ug|se|ohg|mbh|e\.?v|s\.?a|"
    r"s\.?a\.?s|sarl|s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v|oy|ab|as|aps)\.?$"
)
_WORD: Final = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*\.?")
_CASE_MATTERS: Final = frozenset(["identifier", "path", "url", "email"])

SAME_BUT_TITLE: Final = "the same name but for a title"
SAME_INITIAL: Final = "the same family name and initial"
GIVEN_ALONE: Final = "the given name alone"
FAMILY_ALONE: Final = "the family name alone"
MIDDLE_LEFT_OUT: Final = "the same name with another left out between"
SAME_FIRM: Final = "the same name but for the legal form"


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name in parts, in small letters: given and middle names in order, then the family's."""

    title: str
    given: tuple[str, ...]
    family: str

    @property
    def is_full(self) -> bool:
        """Whether it says both."""
        return bool(self.given and self.family)


def normal(kind: str, name: str) -> str:
    """The form in which two spellings of one name are equal."""
    written = " ".join(unicodedata.normalize("NFKC", name).split())
    if kind in _CASE_MATTERS:
        return written
    written = written.casefold()
    if kind == "person":
        return " ".join(_without_titles(words_of(written))) or written
    if kind == "organization":
        return _LEGAL.sub("", written) or written
    return written


def parts(kind: str, name: str) -> list[str]:
    """The words by which names that may be the same meet: of people, given and family names and their initials."""
    if kind != "person":
        return []
    person = person_name(name)
    found = [*person.given, *([person.family] if person.family else [])]
    return [word for word in found if len(word) > 1]


def person_name(name: str) -> PersonName:
    """The parts of a name. One word alone is a given name, behind a title a family's."""
    words = words_of(" ".join(unicodedata.normalize("NFKC", name).split()).casefold())
    bare = _without_titles(words)
    title = " ".join(words[: len(words) - len(bare)] if words[-len(bare) :] == bare else [])
    if len(bare) < 2:
        return PersonName(title, () if title else tuple(bare), bare[0] if title and bare else "")
    if bare[0] in _PARTICLES:
        return PersonName(title, (), " ".join(bare))
    first = next((place for place in range(1, len(bare)) if bare[place] in _PARTICLES), len(bare) - 1)
    return PersonName(title, tuple(bare[:first]), " ".join(bare[first:]))


def words_of(name: str) -> list[str]:
    """Words without their points: 'Dr. A. Schmidt' has dr, a and schmidt."""
    return [word.rstrip(".") for word in _WORD.findall(name)]


def why_same(kind: str, one: str, other: str) -> str:
    """The rule by which two names may be one thing's; empty where they may not."""
    if normal(kind, one) == normal(kind, other):
        return SAME_FIRM if kind == "organization" else SAME_BUT_TITLE
    if kind != "person":
        return ""
    return _why_same_person(person_name(one), person_name(other))


def conflicts(kind: str, name: str, others: list[str]) -> bool:
    """Whether a full name differs from every full name of an entity: two people then, whatever else they share."""
    if kind != "person" or not person_name(name).is_full:
        return False
    full = [other for other in others if person_name(other).is_full]
    return bool(full) and not any(why_same(kind, name, other) for other in full)


def is_full(kind: str, name: str) -> bool:
    """Whether a name says all of it: of people, given and family name."""
    return kind != "person" or person_name(name).is_full


def is_fuller(kind: str, one: str, other: str) -> bool:
    """Whether a name says more of the same thing than another."""
    if kind != "person":
        return False
    return _fullness(person_name(one)) > _fullness(person_name(other))


def _why_same_person(one: PersonName, other: PersonName) -> str:
    if one.family and other.family:
        if one.family != other.family:
            return ""
        if not one.given or not other.given:
            return FAMILY_ALONE
        return _why_same_given(one.given, other.given)
    alone, full = (other, one) if one.is_full else (one, other)
    if not full.is_full or not (alone.given or alone.family):
        return ""
    word = alone.family or alone.given[0]
    if word == full.family:
        return FAMILY_ALONE
    return GIVEN_ALONE if alone.given and word == full.given[0] and len(word) > 1 else ""


def _why_same_given(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    first, second = one[0], other[0]
    if first != second and not (min(len(first), len(second)) == 1 and first[0] == second[0]):
        return ""
    middles, others = one[1:], other[1:]
    if any(a[0] != b[0] or (a != b and min(len(a), len(b)) > 1) for a, b in zip(middles, others, strict=False)):
        return ""
    return SAME_INITIAL if min(len(first), len(second)) == 1 else MIDDLE_LEFT_OUT


def _fullness(name: PersonName) -> tuple[bool, int]:
    return name.is_full, sum(len(word) for word in name.given if len(word) > 1) + bool(name.title)


def _without_titles(words: list[str]) -> list[str]:
    start = next((place for place, word in enumerate(words[:-1]) if word not in _TITLES), max(0, len(words) - 1))
    end = len(words)
    while end - start > 1 and words[end - 1] in _SUFFIXES:
        end -= 1
    return words[start:end]
