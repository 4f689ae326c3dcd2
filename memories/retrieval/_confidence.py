"""Scores that mean something: how likely it is that a hit is what was asked for.

A logistic model of the ranking's total and of how well the whole question is met, fitted on development questions by
`python -m benchmarks.calibration` (docs/retrieval.md has its reliability). Within one search it never changes
the order, for all but the total is the same for every hit.
"""

from __future__ import annotations

import numpy as np
from django.conf import settings

from memories.retrieval._words import Scores


def features(totals: Scores, meaning: Scores, coverage: Scores) -> Scores:
    """The model's inputs (n, 4): 1, total, and the search's best cosine and best share of words held."""
    best = np.array([meaning.max(initial=0.0), coverage.max(initial=0.0)], np.float32)
    ones = np.ones(len(totals), np.float32)
    return np.stack([ones, totals, ones * best[0], ones * best[1]], axis=1)


def confidence(totals: Scores, meaning: Scores, coverage: Scores) -> Scores:
    """Probabilities (n,) for totals (n,), from the signals of the same hits."""
    weights = np.array(settings.RETRIEVAL_CONFIDENCE, np.float32)
    logits = features(totals, meaning, coverage) @ weights
    probabilities: Scores = (1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return probabilities
