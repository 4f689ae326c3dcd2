"""Finds the words of a text, identifiers and scripts without spaces included, and the terms to index them under."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from memories.lexicon.stems import MAX_TERM_CHARACTERS, fold, terms_of


class Lexeme(NamedTuple):
    """A term at a position (a count of words, from 1) and the characters text[start:end] that it stands for.

    Lexemes at one position are alternatives: 'foo_bar' is 'foo_bar' and 'foo' at one position, 'bar' at the next.
    """

    term: str
    position: int
    start: int
    end: int


class _Part(NamedTuple):
    """A lexeme relative to its token."""

    term: str
    position: int
    start: int
    end: int


class _Analysis(NamedTuple):
    parts: tuple[_Part, ...]
    positions: int


# Scripts written without spaces, where pairs of characters do what words do elsewhere: Thai, Lao, Myanmar, Khmer,
# Hangul (with spaces, but the endings grow on to the words), Kana, Han.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3130-\u318f"
    r"\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc"
    r"\U00020000-\U0003ffff"
)


def _ranges(code_points: Iterable[int]) -> str:
    """A regular expression's character class (without brackets) of ascending code points."""
    ranges: list[list[int]] = []
    for code in code_points:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def _word_characters() -> str:
    """Letters, digits and the marks that belong to letters (which `\\w` leaves out), without the unspaced scripts."""
    unspaced = re.compile(f"[{_UNSPACED}]")
    last_plane_with_alphabets = 0x1FFFF
    return _ranges(
        code
        for code in range(min(last_plane_with_alphabets, sys.maxunicode) + 1)
        if ((character := chr(code)).isalnum() or unicodedata.category(character)[0] == "M")
        and not unspaced.match(character)
    )


_CHARACTERS = f"[{_word_characters()}]"
_JOINERS = r"_+|[.@\-\u2010\u2011]|(?<=[0-9])[:,/](?=[0-9])"
_WORD = rf"{_CHARACTERS}+(?:['\u2019\u02bc\uff07]{_CHARACTERS}+)*"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|{_WORD}(?:(?:{_JOINERS}){_WORD})*(?:\+\+|#(?!\w))?")
_FIRST_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_INNER_WORD = re.compile(_WORD)
# HTTPServer → HTTP Server, getName → get Name, python3 → python 3.
_CAMEL_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]+")
_HYPHENS = re.compile(r"[-\u2010\u2011]")


def lexemes(text: str, language: str) -> list[Lexeme]:
    """The text's terms in order. `language` (ISO 639-1) chooses stemmer and stop words; unknown ones have neither.

    Stop words keep their position, so that phrases stay phrases. Identifiers, e-mail addresses, versions and
    hyphenated words are found whole and by their parts; Chinese, Japanese, Korean and Thai by characters and pairs.
    """
    return _lexemes(text, language, _analysed)


def _lexemes(text: str, language: str, analyse: _Analyse) -> list[Lexeme]:
    found: list[Lexeme] = []
    position = 1
    for match in _TOKEN.finditer(text):
        start = match.start()
        parts, positions = analyse(match.group(), language)
        for term, offset, first, last in parts:
            found.append(Lexeme(term, position + offset, start + first, start + last))
        position += positions
    return found
