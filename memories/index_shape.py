"""What a sample of vectors looks like: lengths, repeats, and how well it falls into groups."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

_SAME = 0.9999  # cosine from which two halves-precision vectors count as one
_GROUPS = 10
_ROUNDS = 15
_SILHOUETTE_MAX = 600


def lengths(vectors: Vectors) -> dict[str, float]:
    """The least, mean and greatest length of the rows of `vectors` (n, d), and the share that is not about 1."""
    norms = np.linalg.norm(vectors, axis=1)
    return {
        "min": round(float(norms.min()), 4),
        "mean": round(float(norms.mean()), 4),
        "max": round(float(norms.max()), 4),
        "off_share": round(float(np.mean(np.abs(norms - 1) > 0.01)), 4),
    }


def repeated_share(owners: list[UUID], vectors: Vectors) -> float:
    """The share of rows (n, d) that mean exactly what an earlier row of the same owner means."""
    repeated = 0
    for owner in set(owners):
        own = vectors[[position for position, one in enumerate(owners) if one == owner]]
        same = np.tril(own @ own.T > _SAME, k=-1)
        repeated += int(same.any(axis=1).sum())
    return round(repeated / max(len(owners), 1), 4)


def silhouette(vectors: Vectors) -> float | None:
    """The mean silhouette (Rousseeuw 1987) of a spherical k-means into ten groups; None below 50 rows (n, d).

    -1 to 1: near 0 the memories form no groups, near 1 each lies in a tight one.
    """
    points = vectors[:_SILHOUETTE_MAX]
    if len(points) < 5 * _GROUPS:
        return None
    groups = _k_means(points)
    distances = 1.0 - points @ points.T
    members = np.eye(_GROUPS, dtype=np.float32)[groups]
    counts = members.sum(axis=0)
    sums = distances @ members
    own_count = counts[groups]
    rows = np.arange(len(points))
    inside = sums[rows, groups] / np.maximum(own_count - 1, 1)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    means[rows, groups] = np.inf
    nearest = means.min(axis=1)
    scores = np.where(own_count > 1, (nearest - inside) / np.maximum(np.maximum(nearest, inside), 1e-9), 0.0)
    return round(float(scores.mean()), 4)


def _k_means(points: Vectors) -> NDArray[np.int64]:
    """The group of each point (n,)."""
    random = np.random.default_rng(0)
    centres = points[random.choice(len(points), _GROUPS, replace=False)]
    groups = np.zeros(len(points), np.int64)
    for _ in range(_ROUNDS):
        groups = (points @ centres.T).argmax(axis=1)
        sums = np.eye(_GROUPS, dtype=np.float32)[groups].T @ points
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(norms > 0, sums / np.maximum(norms, 1e-9), centres)
    return groups
