"""Groups of vectors by density: HDBSCAN over the vectors, or over means of small groups where there are many."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import HDBSCAN, MiniBatchKMeans
from sklearn.decomposition import PCA

from enrichment.clusters.joining import join
from enrichment.clusters.vectors import BATCH, NOBODY, Labels, Stored, Vectors, unit

# Density says nothing in hundreds of dimensions; these many keep what tells themes apart.
DIMENSIONS = 15
# HDBSCAN's time grows with the square of its points: above this it sees means of small groups.
MOST_EXACT = 6_000
MEMBERS_OF_A_MEAN = 10
MOST_MEANS = 4_000
LEAST_MEANS = 3
SAMPLE = 24_000
# The share of a cluster's first members that are at least as near to its centre as its reach says, and the slack
# beyond that: chats have many turns that are about a thing without being in the thick of it.
WITHIN_REACH = 0.9
SLACK = 0.05


@dataclass(frozen=True)
class Grouping:
    """`labels` (n): each vector's cluster or NOBODY. `centres` (clusters x dimension): unit vectors.

    `reach` (clusters): the least cosine to the centre at which a vector is a member.
    """

    labels: Labels
    centres: Vectors
    reach: Vectors


def least_members(number: int) -> int:
    """How many vectors make a cluster among so many: people want dozens of topics, be it of hundreds or of millions."""
    return max(4, round(math.sqrt(number) / 6))


def group(stored: Stored, *, telling: NDArray[np.bool_] | None = None, smallest: int = 0, seed: int = 0) -> Grouping:
    """Clusters of the unit vectors (n x dimension); the same seed gives the same clusters.

    Only those that are `telling` found clusters, all may join them. HDBSCAN (Campello, Moulavi and Sander 2013) takes
    the leaves of its tree: on chats, its most persistent clusters are one of nearly everything and some of formulas.
    Above MOST_EXACT vectors it sees the means of mini-batch k-means (Sculley 2010), so that memory grows with the
    number of vectors and not with its square.
    """
    chosen = np.arange(len(stored)) if telling is None else np.flatnonzero(telling)
    smallest = smallest or least_members(len(chosen))
    if len(chosen) < 2 * smallest:
        return Grouping(np.full(len(stored), NOBODY, dtype=np.int64), _none(stored), np.zeros(0, np.float32))
    flat = _flat(stored, chosen, seed)
    labels = _dense(flat, smallest) if len(flat) <= MOST_EXACT else _dense_by_means(flat, smallest, seed)
    labels = _renumbered(_merged(stored, chosen, _renumbered(labels, smallest)), smallest)
    centres, reach = _described(stored, chosen, labels)
    return Grouping(join(stored, centres=centres, reach=reach), centres, reach)


def _none(stored: Stored) -> Vectors:
    return np.zeros((0, stored.shape[1]), np.float32)


def _flat(stored: Stored, chosen: NDArray[np.int64], seed: int) -> Vectors:
    """The chosen vectors in few dimensions; the axes are learnt from a sample where there are many."""
    sample = np.sort(np.random.default_rng(seed).permutation(chosen)[:SAMPLE])
    dimensions = min(DIMENSIONS, len(sample), stored.shape[1])
    # Equal vectors have no variance to take shares of.
    with np.errstate(invalid="ignore"):
        axes = PCA(n_components=dimensions, random_state=seed).fit(np.asarray(stored[sample], np.float32))
    parts = (chosen[at : at + BATCH] for at in range(0, len(chosen), BATCH))
    return np.concatenate([axes.transform(np.asarray(stored[part], np.float32)) for part in parts]).astype(np.float32)


def _dense(flat: Vectors, smallest: int) -> Labels:
    leaves = HDBSCAN(
        min_cluster_size=smallest, min_samples=min(3, smallest), cluster_selection_method="leaf", copy=True
    )
    return np.asarray(leaves.fit_predict(flat), dtype=np.int64)


def _dense_by_means(flat: Vectors, smallest: int, seed: int) -> Labels:
    """Each vector takes the cluster of its mean."""
    number = min(MOST_MEANS, len(flat) // MEMBERS_OF_A_MEAN)
    means = MiniBatchKMeans(n_clusters=number, batch_size=BATCH, n_init=1, random_state=seed).fit(flat)
    of_means = _dense(means.cluster_centers_.astype(np.float32), max(LEAST_MEANS, smallest * number // len(flat)))
    return np.asarray(of_means[means.labels_], dtype=np.int64)


def _renumbered(labels: Labels, smallest: int) -> Labels:
    """Numbers from 0, the largest cluster first; clusters that are too small are none."""
    numbers, sizes = np.unique(labels[labels != NOBODY], return_counts=True)
    order = np.lexsort((numbers, -sizes))
    places = {int(numbers[at]): place for place, at in enumerate(order) if sizes[at] >= smallest}
    return np.array([places.get(int(label), NOBODY) for label in labels], dtype=np.int64)


def _merged(stored: Stored, chosen: NDArray[np.int64], labels: Labels) -> Labels:
    """One cluster of leaves whose centres are as near to each other as half of their members are to their own."""
    centres, typical = _described(stored, chosen, labels, within=0.5, slack=0.0)
    if not len(centres):
        return labels
    alike = centres @ centres.T >= np.maximum(typical[:, None], typical[None, :])
    _, whole = connected_components(alike, directed=False)
    return np.where(labels == NOBODY, NOBODY, whole[labels]).astype(np.int64)


def _described(
    stored: Stored, chosen: NDArray[np.int64], labels: Labels, *, within: float = WITHIN_REACH, slack: float = SLACK
) -> tuple[Vectors, Vectors]:
    """Centre and reach of each cluster, from its members' own vectors."""
    number = int(labels.max(initial=NOBODY)) + 1
    centres, reach = np.zeros((number, stored.shape[1]), np.float32), np.ones(number, np.float32)
    for cluster in range(number):
        members = np.asarray(stored[chosen[labels == cluster]], np.float32)
        centres[cluster] = unit(members.mean(axis=0))
        reach[cluster] = np.quantile(members @ centres[cluster], 1 - within) - slack
    return centres, reach
