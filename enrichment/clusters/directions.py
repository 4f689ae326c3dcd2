"""What a memory is about, as a direction: its vector without who says it, and with the turns beside it.

Memories are embedded with their author's name, and so whoever speaks would be a theme; and a turn such as 'Yes, in
May' says what it is about only beside the others. Measured on LoCoMo and BEAM (benchmarks/topics.py says how).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrichment.clusters.vectors import BATCH, Labels, Stored, Vectors, pieces, unit

# Of fewer memories the mean is what they are about, and not who wrote them.
LEAST_OF_AUTHOR = 20
BESIDE = 0.3
# A turn of so many words says as much as any; a shorter one counts less for the turns beside it.
FULL_WORDS = 8
SAME_TALK_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands beside n vectors, in order of conversation and time: numbers of authors and of conversations.

    Notes have conversation NOBODY. `moments` in seconds since 1970, `words` of each memory.
    """

    authors: Labels
    conversations: Labels
    moments: NDArray[np.float64]
    words: NDArray[np.int64]


def usual(stored: Stored, authors: Labels, number: int) -> Vectors:
    """The mean direction (number x dimension) of each author's memories; zeros for who wrote only few."""
    sums, counts = np.zeros((number, stored.shape[1]), np.float32), np.zeros(number, np.int64)
    for at, vectors in pieces(stored):
        np.add.at(sums, authors[at : at + len(vectors)], vectors)
        np.add.at(counts, authors[at : at + len(vectors)], 1)
    sums[counts < LEAST_OF_AUTHOR] = 0
    return np.asarray(sums / np.maximum(counts, 1)[:, None], dtype=np.float32)


def directions(stored: Stored, standing: Standing, usual_of: Vectors, into: Stored) -> None:
    """Fill `into` (n x dimension) with unit vectors that say what each memory is about."""
    for at in range(0, len(stored), BATCH):
        first, last = max(0, at - 2), min(len(stored), at + BATCH + 2)
        own = np.asarray(stored[first:last], np.float32) - usual_of[standing.authors[first:last]]
        together = _with_beside(unit(own), _part(standing, first, last))
        into[at : at + BATCH] = together[at - first : at - first + BATCH]


def _part(standing: Standing, first: int, last: int) -> Standing:
    of = slice(first, last)
    return Standing(standing.authors[of], standing.conversations[of], standing.moments[of], standing.words[of])


def _with_beside(own: Vectors, standing: Standing) -> Vectors:
    total, weight = own.copy(), np.minimum(1.0, standing.words / FULL_WORDS).astype(np.float32)
    for distance in (1, 2):
        talk = standing.conversations[distance:] == standing.conversations[:-distance]
        talk &= standing.conversations[distance:] >= 0
        talk &= np.abs(standing.moments[distance:] - standing.moments[:-distance]) <= SAME_TALK_S
        share = (BESIDE / distance * talk)[:, None].astype(np.float32)
        total[distance:] += share * weight[:-distance, None] * own[:-distance]
        total[:-distance] += share * weight[distance:, None] * own[distance:]
    return unit(total)
