"""The final order: scores as probabilities, near-duplicates collapsed, diversity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.conf import settings

from memories.retrieval import _sql
from memories.retrieval._confidence import confidence
from memories.retrieval._diversity import near_duplicates, spread
from memories.retrieval._ranking import Ranked
from memories.retrieval._request import SearchRequest
from memories.retrieval._words import Scores


@dataclass(frozen=True, slots=True)
class Ordered:
    """Ranked memories with their scores (n,), and the places of those to show, in order."""

    ranked: Ranked
    scores: Scores
    places: list[int]


def ordered(place: _sql.Place, ranked: Ranked, request: SearchRequest) -> Ordered:
    """What of the ranking is shown, and in which order."""
    scores = _scores(ranked)
    compared = settings.RETRIEVAL_COMPARED
    places = list(range(min(len(scores), settings.RETRIEVAL_MAX_RESULTS)))
    if request.collapse:
        duplicate = near_duplicates(ranked.counts, compared)
        places = [n for n in places if not duplicate[n]]
    if request.diversity > 0 and places:
        head = places[:compared]
        vectors = _sql.vectors(place, ranked.records[head])
        by_total = relative(ranked.totals[head])
        places = [head[n] for n in spread(by_total, vectors, request.diversity)] + places[compared:]
    return Ordered(ranked, scores, places)


def _scores(ranked: Ranked) -> Scores:
    """Probabilities, falling from hit to hit.

    Beside the same question, asked before, every answer would seem unlikely: an echo is no measure for the others.
    """
    scores = confidence(ranked.totals, ranked.lead)
    echo = (ranked.signals["question"] > 0) & (ranked.signals["meaning"] >= settings.RETRIEVAL_ECHO_COSINE)
    if echo.any() and not echo.all():
        scores[~echo] = confidence(ranked.totals[~echo], ranked.lead)
        scores = np.minimum.accumulate(scores)
    return scores


def relative(totals: Scores) -> Scores:
    """Totals between 0 (the least) and 1 (the best)."""
    span = float(totals.max() - totals.min())
    return (totals - totals.min()) / span if span > 0 else np.ones_like(totals)
