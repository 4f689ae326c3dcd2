"""A map of vectors: landmarks are laid out by t-SNE, and everything else stands where its nearest landmarks are.

t-SNE sees a few thousand points at most, begins where the landmarks stood before, and is turned to fit the earlier map:
so the map of next week looks like that of today, and a new memory finds its place without a new map.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enrichment.clusters.placing import place
from enrichment.clusters.vectors import Vectors

MOST_LANDMARKS = 2_000
_DIMENSIONS = 15
_PERPLEXITY = 30
_STEPS = 500
_KNOWN_SHARE = 0.5
_EDGE = 0.02

Spots = NDArray[np.float32]


def landmarks_among(ids: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Places of at most MOST_LANDMARKS of n identifiers (n x 16): those whose random part is the least.

    What was a landmark is one again, as long as it is there and not many more have come.
    """
    tails = np.ascontiguousarray(ids[:, 8:]).view(">u8").ravel()
    return np.sort(np.argsort(tails, kind="stable")[:MOST_LANDMARKS])


def lay_out(vectors: Vectors, earlier: Spots, seed: int = 0) -> Spots:
    """Where n landmarks stand, each axis 0 to 1. `earlier` (n x 2): where they stood, NaN for new ones.

    t-SNE: van der Maaten and Hinton 2008, Barnes-Hut 2014; from principal components, as Kobak and Berens 2019 advise.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    if len(vectors) < 4:
        return np.tile(np.linspace(0.4, 0.6, max(1, len(vectors)), dtype=np.float32)[: len(vectors), None], (1, 2))
    with np.errstate(invalid="ignore"):
        flat = PCA(min(_DIMENSIONS, *vectors.shape), random_state=seed).fit_transform(vectors)
    known = ~np.isnan(earlier[:, 0])
    start = _start(flat, vectors, earlier, known)
    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
    found = TSNE(2, perplexity=perplexity, init=start, max_iter=_STEPS, random_state=seed).fit_transform(flat)
    if known.sum() >= 2:
        found = _turned(found, found[known], earlier[known])
    return _in_square(found)


def _start(flat: Vectors, vectors: Vectors, earlier: Spots, known: NDArray[np.bool_]) -> Spots:
    """Where most stood before, else the first two components; in the small, so that t-SNE moves freely."""
    start = flat[:, :2].copy()
    if start.shape[1] < 2:
        start = np.hstack([start, np.zeros((len(start), 2 - start.shape[1]))])
    if known.mean() >= _KNOWN_SHARE:
        start = np.where(known[:, None], earlier, place(vectors, vectors[known], earlier[known]))
        start = start - start.mean(axis=0)
    return np.asarray(start / max(float(start.std()), 1e-9) * 1e-4, dtype=np.float32)


def _turned(found: Spots, mine: Spots, theirs: Spots) -> Spots:
    """Turned, and mirrored, so that `mine` come as near to `theirs` as they can (orthogonal Procrustes)."""
    u, _, v = np.linalg.svd((mine - mine.mean(axis=0)).T @ (theirs - theirs.mean(axis=0)))
    return np.asarray((found - found.mean(axis=0)) @ (u @ v), dtype=np.float32)


def _in_square(found: Spots) -> Spots:
    low, high = found.min(axis=0), found.max(axis=0)
    size = max(float((high - low).max()), 1e-9)
    middle = (low + high) / 2
    return np.asarray(0.5 + (found - middle) / size * (1 - 2 * _EDGE), dtype=np.float32)
