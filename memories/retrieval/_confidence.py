"""Scores that mean something: how likely it is that a hit is what was asked for.

A logistic model of a hit's total and of how much it stands out from the best ten, fitted on development questions by
`python -m benchmarks.calibration` (docs/retrieval.md has its reliability). Within one search it keeps the order, for
the mean of the best ten is the same for every hit.
"""

from __future__ import annotations

import numpy as np
from django.conf import settings

from memories.retrieval._words import Scores

_BEST = 10
# What a memory that says nothing of the question totals: stands for those that a small store lacks.
_NOTHING = 0.6


def features(totals: Scores) -> Scores:
    """The model's inputs (n, 3) for totals (n,), best first: 1, the total, and the mean of the best ten."""
    best = totals[:_BEST]
    mean = (float(best.sum()) + _NOTHING * (_BEST - len(best))) / _BEST
    return np.stack([np.ones_like(totals), totals, np.full_like(totals, mean)], axis=1)


def confidence(totals: Scores) -> Scores:
    """Probabilities (n,) for totals (n,), best first."""
    logits = features(totals) @ np.array(settings.RETRIEVAL_CONFIDENCE, np.float32)
    probabilities: Scores = (1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return probabilities
