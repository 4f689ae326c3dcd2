"""The question's words against the owner's statistics: which are rare, which may propose memories, and BM25."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from memories.keyed_terms import COUNT_BITS, COUNT_MAX, keyed, number_of, short_term
from memories.lexeme_statistics import Statistics
from memories.lexicon import Word

Scores = NDArray[np.float32]
# Words that stand together do so more often than chance has it.
_TOGETHER = 3.0


@dataclass(frozen=True, slots=True)
class WordGroup:
    """A word of the question: the terms that may stand for it, in how many chunks it is, and what it weighs."""

    terms: tuple[str, ...]
    frequency: int
    idf: float


def groups_of(words: tuple[Word, ...], key: bytes, known: Statistics) -> tuple[WordGroup, ...]:
    """The distinct words with their inverse document frequency, ln(1 + (N - n + .5) / (n + .5))."""
    groups = []
    for terms in dict.fromkeys(word.terms for word in words):
        frequency = min(known.chunks, sum(known.frequency.get(number_of(term, key), 0) for term in terms))
        groups.append(WordGroup(terms, frequency, idf_of(frequency, known.chunks)))
    return tuple(groups)


def idf_of(frequency: int, chunks: int) -> float:
    """BM25's weight of a word that stands in so many of so many chunks."""
    return math.log1p((max(chunks, frequency) - frequency + 0.5) / (frequency + 0.5))


def proposing_query(groups: tuple[WordGroup, ...], key: bytes, chunks: int, rows: int) -> str:
    """A tsquery for about `rows` chunks at most: the rarest words alone, commoner ones two together, '' for none.

    Ranking weighs every word; this only bounds how many chunks are read because of their words. The rarest word
    proposes whatever it costs, for the statement stops at `rows`.
    """
    alone: list[str] = []
    common: list[WordGroup] = []
    expected = 0.0
    for group in sorted(groups, key=lambda group: group.frequency):
        if not alone or expected + group.frequency <= rows:
            alone.append(_any(group, key))
            expected += group.frequency
        else:
            common.append(group)
    together = []
    for a, b in combinations(common, 2):
        met = _TOGETHER * a.frequency * b.frequency / max(chunks, 1)
        if expected + met <= rows:
            together.append(f"({_any(a, key)} & {_any(b, key)})")
            expected += met
    return " | ".join([*alone, *together])


def _any(group: WordGroup, key: bytes) -> str:
    return "(" + " | ".join(f"'{keyed(term, key)}'" for term in group.terms) + ")"


@dataclass(frozen=True, slots=True)
class TermCounts:
    """The term counts of n chunks: where each one's lie (starts and sizes, (n,)) in `packed`, which may hold others."""

    packed: NDArray[np.uint32]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, packed: bytes, sizes: NDArray[np.int64]) -> TermCounts:
        """Of chunks whose counts lie end to end."""
        return cls(np.frombuffer(packed, "<u4"), np.cumsum(sizes) - sizes, sizes)

    def of_places(self, places: NDArray[np.int64]) -> TermCounts:
        """Those of some of the chunks, in that order."""
        return TermCounts(self.packed, self.starts[places], self.sizes[places])

    def flat(self) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """All counts end to end, and the chunk of each."""
        chunks = np.repeat(np.arange(len(self.sizes)), self.sizes)
        before = np.cumsum(self.sizes) - self.sizes
        return self.packed[np.arange(len(chunks)) + (self.starts - before)[chunks]], chunks


def term_frequencies(counts: TermCounts, groups: list[tuple[str, ...]], key: bytes) -> Scores:
    """How often each group of terms stands in each chunk (groups, n): the most frequent of its terms counts."""
    found = np.zeros((len(groups), len(counts.sizes)), np.float32)
    asked = sorted((short_term(number_of(term, key)), place) for place, terms in enumerate(groups) for term in terms)
    if not asked or not len(counts.packed):
        return found
    values, chunks = counts.flat()
    hashes = values >> COUNT_BITS
    numbers = np.array([number for number, _ in asked], np.uint32)
    places = np.array([place for _, place in asked])
    hits = np.flatnonzero(np.isin(hashes, numbers))
    first = np.searchsorted(numbers, hashes[hits], "left")
    last = np.searchsorted(numbers, hashes[hits], "right")
    for offset in range(int((last - first).max(initial=0))):
        held = first + offset < last
        rows = hits[held]
        times = (values[rows] & COUNT_MAX).astype(np.float32)
        np.maximum.at(found, (places[(first + offset)[held]], chunks[rows]), times)
    return found


def bm25(frequencies: Scores, idf: Scores, lengths: Scores, mean_length: float) -> Scores:
    """BM25 (Robertson & Zaragoza 2009) of each chunk (n,) from word frequencies (words, n) and idf (words,)."""
    k1, b = settings.BM25_K1, settings.BM25_B
    norm = k1 * (1 - b + b * lengths / max(mean_length, 1.0))
    scores: Scores = (idf[:, None] * frequencies * (k1 + 1) / (frequencies + norm[None, :])).sum(axis=0)
    return scores
