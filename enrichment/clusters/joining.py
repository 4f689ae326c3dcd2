"""Vectors join the nearest cluster: all of them when clusters are found, and each new one from then on."""

from __future__ import annotations

import numpy as np

from enrichment.clusters.vectors import NOBODY, Labels, Stored, Vectors, pieces


def join(stored: Stored, *, centres: Vectors, reach: Vectors) -> Labels:
    """The cluster of each unit vector (n x dimension), or NOBODY where none is near enough."""
    labels = np.full(len(stored), NOBODY, dtype=np.int64)
    if len(centres):
        for at, vectors in pieces(stored):
            nearness = vectors @ centres.T
            nearest = nearness.argmax(axis=1)
            near = nearness[np.arange(len(vectors)), nearest] >= reach[nearest]
            labels[at : at + len(vectors)] = np.where(near, nearest, NOBODY)
    return labels
