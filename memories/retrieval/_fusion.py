"""One score from the arms' scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


def fuse(cosine: Scores, lexical: Scores, *, lexical_weight: float) -> Scores:
    """(cos + w · lex/max(lex)) / (1 + w), clipped to 0..1: fusion by value, not by rank.

    `cosine` is -1..1 (0 where a chunk has no vector yet), `lexical` any non-negative rank. Fusing by value was
    measured ahead of reciprocal rank fusion: shared/bench/README.md, 'cos + .3 bm'.
    """
    best = float(lexical.max(initial=0.0))
    relative = lexical / best if best > 0 else lexical
    fused: Scores = (np.maximum(cosine, 0.0) + lexical_weight * relative) / (1.0 + lexical_weight)
    return np.clip(fused, 0.0, 1.0)
