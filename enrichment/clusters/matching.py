"""Which of the new clusters is which of the earlier ones: a cluster keeps its id while most of it stays."""

from __future__ import annotations

from collections import Counter

import numpy as np
from scipy.optimize import linear_sum_assignment

from enrichment.clusters.vectors import NOBODY, Labels, Vectors

# The share that two clusters have of all their memories (Jaccard) from which they are one.
LEAST_SHARED = 0.3
# The cosine of two centres from which a cluster without its earlier members is the one that was there.
LEAST_NEAR = 0.9


def carried(earlier: Labels, later: Labels) -> dict[int, int]:
    """Later cluster → the earlier one that it continues. Both label the same vectors, in the same order.

    The pairs share as many vectors as possible in sum (Kuhn 1955); no two clusters continue the same one.
    Vectors that one of the runs did not know have NOBODY there.
    """
    olds, news = (sorted(set(labels.tolist()) - {NOBODY}) for labels in (earlier, later))
    both = (earlier != NOBODY) & (later != NOBODY)
    pairs = Counter(zip(earlier[both].tolist(), later[both].tolist(), strict=True))
    old_sizes, new_sizes = Counter(earlier.tolist()), Counter(later.tolist())
    old_places, new_places = ({one: at for at, one in enumerate(ones)} for ones in (olds, news))
    shared = np.zeros((len(news), len(olds)))
    for (old, new), number in pairs.items():
        shared[new_places[new], old_places[old]] = number / (old_sizes[old] + new_sizes[new] - number)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    chosen = zip(rows.tolist(), columns.tolist(), strict=True)
    return {news[row]: olds[column] for row, column in chosen if shared[row, column] >= LEAST_SHARED}


def continued(earlier: Labels, later: Labels, earlier_centres: Vectors, later_centres: Vectors) -> dict[int, int]:
    """As `carried`; what is left over then continues the earlier cluster whose centre is where its own is."""
    found = carried(earlier, later)
    if not len(earlier_centres) or not len(later_centres):
        return found
    nearness = later_centres @ earlier_centres.T
    nearness[list(found)] = -1
    nearness[:, list(found.values())] = -1
    rows, columns = linear_sum_assignment(nearness, maximize=True)
    chosen = zip(rows.tolist(), columns.tolist(), strict=True)
    return found | {row: column for row, column in chosen if nearness[row, column] >= LEAST_NEAR}
