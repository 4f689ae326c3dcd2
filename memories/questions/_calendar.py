"""Names of months and weekdays in any language, from Unicode's CLDR."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale, UnknownLocaleError

_SHORTEST = 3


@lru_cache(maxsize=32)
def month_names(language: str) -> dict[str, int]:
    """Lower-case names and abbreviations of a language's months with their numbers; empty for unknown languages."""
    locale = _locale(language)
    return _numbered(locale, "months") if locale else {}


@lru_cache(maxsize=32)
def weekday_names(language: str) -> dict[str, int]:
    """Lower-case names and abbreviations of a language's weekdays, Monday 0; empty for unknown languages."""
    locale = _locale(language)
    return _numbered(locale, "days") if locale else {}


@lru_cache(maxsize=32)
def country_names(language: str) -> frozenset[str]:
    """Countries of one word, as written in a language."""
    locale = _locale(language)
    names = locale.territories.items() if locale else ()
    return frozenset(name for code, name in names if len(code) == 2 and code.isalpha() and name.isalpha())


def _numbered(locale: Locale, kind: str) -> dict[str, int]:
    """Names by width, the widest first; digits are no names."""
    table = getattr(locale, kind)
    named = [*_names(table["format"]["wide"]), *_alone(table), *_short(table["format"]["abbreviated"])]
    found: dict[str, int] = {}
    for name, number in named:
        found.setdefault(name, number)
    return {name: number for name, number in found.items() if not name[0].isdigit()}


def _names(numbered: Mapping[int, str]) -> list[tuple[str, int]]:
    return [(name.lower().rstrip("."), number) for number, name in numbered.items()]


def _short(numbered: Mapping[int, str]) -> list[tuple[str, int]]:
    """Abbreviations of two Latin letters are mostly other words."""
    return [(name, number) for name, number in _names(numbered) if len(name) >= _SHORTEST or not name.isascii()]


def _alone(table: Mapping[str, Mapping[str, Mapping[int, str]]]) -> list[tuple[str, int]]:
    """A name alone begins like the name within a date: Babel shows other languages' where a language has none."""
    within = {number: name for name, number in _names(table["format"]["wide"])}
    return [(name, number) for name, number in _names(table["stand-alone"]["wide"]) if name[:2] == within[number][:2]]


def _locale(language: str) -> Locale | None:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return None
