"""Fewer hits that say the same: near-duplicates collapse into the best of them, and MMR spreads the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from memories.keyed_terms import COUNT_BITS
from memories.retrieval._words import Scores, TermCounts

NEAR_DUPLICATE = 0.9  # Jaccard similarity of two memories' words
_FEWEST_TERMS = 4  # shorter texts ('Thanks!') agree by chance


def near_duplicates(counts: TermCounts, compared: int) -> NDArray[np.bool_]:
    """Which of n memories (best first) have nearly the same words as one before them, among the first `compared`."""
    best = counts.of_places(np.arange(min(compared, len(counts.sizes))))
    sizes, (values, chunks) = best.sizes, best.flat()
    _, columns = np.unique(values >> COUNT_BITS, return_inverse=True)
    held = np.zeros((len(sizes), int(columns.max(initial=-1)) + 1), np.float32)
    held[chunks, columns] = 1.0
    shared = held @ held.T
    alike = shared >= NEAR_DUPLICATE * (sizes[:, None] + sizes[None, :] - shared)
    alike &= (sizes >= _FEWEST_TERMS)[:, None]
    duplicate = np.zeros(len(counts.sizes), bool)
    for place in np.flatnonzero(np.tril(alike, -1).any(axis=1)):
        duplicate[place] = bool((alike[place, :place] & ~duplicate[:place]).any())
    return duplicate


def spread(scores: Scores, vectors: NDArray[np.float32], diversity: float) -> list[int]:
    """The order of maximal marginal relevance (Carbonell & Goldstein 1998) for n hits, best first.

    Each next one maximises (1 - diversity) x score - diversity x greatest cosine with those before it. `scores` (n,)
    are 0..1, `vectors` (n, d) of unit length or zero.
    """
    left, order = list(range(len(scores))), list[int]()
    nearest = np.zeros(len(scores), np.float32)
    while left:
        value = (1 - diversity) * scores[left] - diversity * nearest[left]
        chosen = left.pop(int(np.argmax(value)))
        order.append(chosen)
        nearest = np.maximum(nearest, vectors @ vectors[chosen])
    return order
