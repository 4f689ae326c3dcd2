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
    scores = confidence(ranked.totals, ranked.lead)
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


def relative(totals: Scores) -> Scores:
    """Totals between 0 (the least) and 1 (the best)."""
    span = float(totals.max() - totals.min())
    return (totals - totals.min()) / span if span > 0 else np.ones_like(totals)
