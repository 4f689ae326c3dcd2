"""Groups of hits that speak of one thing: those whose vectors lie near each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.conf import settings
from numpy.typing import NDArray


def grouped(vectors: NDArray[np.float32], scores: Sequence[float]) -> list[list[int]]:
    """The places of n hits (best first) in groups, the best group first.

    `vectors` (n, d) are of unit length or zero. A hit joins the group to whose mean it is nearest, where the cosine
    reaches CONTEXT_TOPIC_COSINE (leader clustering; Hartigan 1975), else it begins one. A group is worth the
    root of the sum of its squared scores: several good hits beat one, many poor ones do not.
    """
    groups: list[list[int]] = []
    sums: list[NDArray[np.float32]] = []
    for place, vector in enumerate(vectors):
        near = [float(vector @ total) / max(float(np.linalg.norm(total)), 1e-9) for total in sums]
        best = int(np.argmax(near)) if near else -1
        if best >= 0 and near[best] >= settings.CONTEXT_TOPIC_COSINE:
            groups[best].append(place)
            sums[best] = sums[best] + vector
        else:
            groups.append([place])
            sums.append(vector)
    return sorted(groups, key=lambda members: -sum(scores[place] ** 2 for place in members))
