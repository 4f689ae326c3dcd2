"""Words as the index keeps them: keyed hashes, which mean nothing without their owner's key.

A term is the first 64 bits of HMAC-SHA256 under the owner's lexeme key. It stands in a tsvector (matching, phrases), as
a number in the lexeme statistics, and with 26 of its bits in a chunk's term counts (ranking).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from memories.lexicon import Word, lexemes

# PostgreSQL's limits of a tsvector: positions, and positions of one lexeme.
_POSITION_MAX = 16383
_POSITIONS_A_LEXEME = 255
# A term count is 26 bits of the term and 6 bits of how often: a chance meeting with one of ten words of a question
# in a chunk of a hundred terms is one in 70,000.
COUNT_BITS = 6
COUNT_MAX = 2**COUNT_BITS - 1
_SHORT_SHIFT = 64 - 26
_AUTHOR = "@"


@dataclass(frozen=True, slots=True)
class IndexedText:
    """A text for the index: tsvector literal, number of lexemes, and each term's count, packed.

    `counts` is an array of little-endian uint32: a term's `short_term` and, in the low COUNT_BITS bits, how often.
    """

    tsvector: str
    length: int
    counts: bytes


def indexed_text(text: str, language: str, author: str, key: bytes) -> IndexedText:
    """A text with its author, whose names are terms of their own, so that 'said by' differs from 'mentions'."""
    positions: dict[str, list[int]] = {}
    length = 0
    for lexeme in lexemes(text, language):
        length += 1
        positions.setdefault(lexeme.term, []).append(lexeme.position)
    authors = author_terms(author)
    entries = [_entry(keyed(term, key), places) for term, places in positions.items()]
    entries += [f"'{keyed(term, key)}'" for term in authors]
    counts = {term: len(places) for term, places in positions.items()} | dict.fromkeys(authors, 1)
    packed = [short_term(number_of(term, key)) << COUNT_BITS | min(count, COUNT_MAX) for term, count in counts.items()]
    return IndexedText(" ".join(entries), length, np.array(packed, "<u4").tobytes())


def _entry(hashed: str, places: list[int]) -> str:
    kept = [place for place in places[:_POSITIONS_A_LEXEME] if place <= _POSITION_MAX]
    return f"'{hashed}'" + (":" + ",".join(map(str, kept)) if kept else "")


def author_terms(author: str) -> list[str]:
    """The terms that stand for who said it: the whole name and, of longer ones, each part."""
    name = " ".join(author.casefold().split())
    parts = name.split()
    return [_AUTHOR + part for part in dict.fromkeys([name, *(parts if len(parts) > 1 else ())])] if name else []


def keyed(term: str, key: bytes) -> str:
    """How a term stands in a tsvector: 64 bits in 11 URL-safe characters."""
    return base64.urlsafe_b64encode(_digest(term, key)).decode()[:11]


def number_of(term: str, key: bytes) -> int:
    """The term as a signed 64-bit number."""
    return int.from_bytes(_digest(term, key), "big", signed=True)


def number_of_keyed(hashed: str) -> int:
    """The number of a term as it stands in a tsvector."""
    return int.from_bytes(base64.urlsafe_b64decode(hashed + "="), "big", signed=True)


def short_term(number: int) -> int:
    """The 26 bits of a term's number that term counts hold."""
    return (number & 0xFFFF_FFFF_FFFF_FFFF) >> _SHORT_SHIFT


def phrase_of(words: Sequence[Word], key: bytes) -> str:
    """A tsquery that matches the words in this order and at these distances."""
    query, last = "", 0
    for word in words:
        alternatives = "(" + " | ".join(f"'{keyed(term, key)}'" for term in word.terms) + ")"
        query = f"{query} <{word.position - last}> {alternatives}" if query else alternatives
        last = word.position
    return query


@lru_cache(maxsize=16_384)
def _digest(term: str, key: bytes) -> bytes:
    return hmac.digest(key, term.encode("utf-8", "replace"), "sha256")[:8]
