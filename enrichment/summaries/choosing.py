"""TextRank: sentences vote for those that say alike, and the most voted stand for the text.

R. Mihalcea and P. Tarau, TextRank: Bringing Order into Texts, 2004; with the cosine of sentence embeddings in place of
shared words, and without saying one thing twice.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
_DAMPING: Final = 0.85
_ROUNDS: Final = 60
_ENOUGH: Final = 1e-6
# Below it two sentences have nothing to do with each other; above the other they say the same.
_RELATED: Final = 0.1
_SAME: Final = 0.8
# So many of so many sentences.
_STEPS: Final = ((4, 1), (9, 2), (40, 3), (150, 4))
_MOST: Final = 5


def how_many(sentences: int) -> int:
    """How many sentences sum up a text of so many."""
    return next((number for most, number in _STEPS if sentences <= most), _MOST)


def chosen(vectors: Vectors, number: int) -> list[int]:
    """The rows of `vectors` (n, d; unit length) that stand for all, at most so many, in their own order."""
    if not len(vectors):
        return []
    similar = np.clip(vectors @ vectors.T, 0, 1)
    taken: list[int] = []
    for row in np.argsort(-_ranks(similar), kind="stable"):
        if len(taken) == number:
            break
        if not taken or similar[row, taken].max() < _SAME:
            taken.append(int(row))
    return sorted(taken)


def _ranks(similar: Vectors) -> NDArray[np.float32]:
    """Each sentence's share of the votes, by power iteration."""
    votes = np.where(similar < _RELATED, 0, similar).astype(np.float32)
    np.fill_diagonal(votes, 0)
    given = votes.sum(axis=1, keepdims=True)
    count = np.float32(len(votes))
    # Who votes for nobody votes for all alike.
    votes = np.where(given > 0, votes / np.where(given > 0, given, 1), 1 / count)
    ranks = np.full(len(votes), 1 / count, np.float32)
    for _ in range(_ROUNDS):
        before, ranks = ranks, (1 - _DAMPING) / count + _DAMPING * (ranks @ votes)
        if np.abs(ranks - before).sum() < _ENOUGH:
            break
    return ranks.astype(np.float32)
