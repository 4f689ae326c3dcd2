"""Scores that mean something: how likely it is that a hit is what was asked for.

A logistic model of a hit's total and place, of the totals beside it, and of whether those whom the question names said
it, fitted on development questions by `python -m benchmarks.calibration` (docs/retrieval.md has its reliability).
Within one search it keeps the order: all else is the same for every hit.
"""

from __future__ import annotations

import numpy as np
from django.conf import settings

from memories.retrieval._words import Scores

_BEST = 10
# What a memory that says nothing of the question totals: stands for those that a small store lacks.
_NOTHING = 0.6
# Best totals below this are of questions about what the store knows nothing of; above it they tell little.
_ABOUT_IT = 1.6


def features(totals: Scores, lead: float) -> Scores:
    """The model's inputs (n, 7) for totals (n,), best first.

    1, the total, the mean of the best ten, the best, what the best lacks to be about it, the named authors' lead, and
    ln(place).
    """
    best = totals[:_BEST]
    mean = (float(best.sum()) + _NOTHING * (_BEST - len(best))) / _BEST
    top = float(totals.max(initial=_NOTHING))
    same = [np.full_like(totals, value) for value in (mean, top, max(0.0, _ABOUT_IT - top), lead)]
    return np.stack([np.ones_like(totals), totals, *same, np.log1p(np.arange(len(totals), dtype=np.float32))], axis=1)


def confidence(totals: Scores, lead: float) -> Scores:
    """Probabilities (n,) for totals (n,), best first."""
    logits = features(totals, lead) @ np.array(settings.RETRIEVAL_CONFIDENCE, np.float32)
    probabilities: Scores = (1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return probabilities
