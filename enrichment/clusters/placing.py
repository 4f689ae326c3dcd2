"""Where a vector stands on a map whose landmarks are known: among its nearest landmarks, with NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enrichment.clusters.vectors import Stored, Vectors, pieces

_NEAREST = 3
# Cosines so much lower count for 1/e as much.
_SHARPNESS = 0.03
_AROUND = 0.006


def place(stored: Stored, landmarks: Vectors, spots: NDArray[np.float32]) -> NDArray[np.float32]:
    """The spots (n x 2) of n unit vectors: the mean of their nearest landmarks' spots, the nearer the heavier."""
    found = np.full((len(stored), 2), 0.5, np.float32)
    nearest = min(_NEAREST, len(landmarks))
    for at, vectors in pieces(stored) if nearest else ():
        cosines = vectors @ landmarks.T
        best = np.argpartition(cosines, -nearest, axis=1)[:, -nearest:]
        near = np.take_along_axis(cosines, best, axis=1)
        weight = np.exp((near - near.max(axis=1, keepdims=True)) / _SHARPNESS)
        weight /= weight.sum(axis=1, keepdims=True)
        found[at : at + len(vectors)] = np.einsum("nk,nkd->nd", weight, spots[best])
    return found


def apart(spots: NDArray[np.float32], ids: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The spots, each moved a little by its identifier (n x 16), so that equal texts do not hide each other."""
    tails = np.ascontiguousarray(ids[:, 8:]).view(">u4").reshape(len(ids), 2) / np.float64(2**32)
    angle, far = tails[:, 0] * 2 * np.pi, np.sqrt(tails[:, 1]) * _AROUND
    moved = spots + np.stack([np.cos(angle) * far, np.sin(angle) * far], axis=1)
    return np.clip(moved, 0, 1).astype(np.float32)
