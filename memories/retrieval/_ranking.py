"""From candidates to an order: a first score from each row alone, then every signal for the best of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from memories.retrieval import _signals, _sql
from memories.retrieval._query import Question
from memories.retrieval._words import Scores, TermCounts

SIGNALS: tuple[str, ...] = tuple(settings.RETRIEVAL_WEIGHTS)
_ARM_NAMES = {_sql.VECTOR: "vector", _sql.LEXICAL: "lexical", _sql.AUTHOR: "author", _sql.TIME: "time"}
# Below every memory that got all signals; their own order stays.
_NOT_FULLY_RANKED = -10.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """n memories by their best chunk, best first: records, total scores, signals and arm ranks, aligned (n,).

    `lead` says how far the named authors are ahead of others (0: nobody is named).
    """

    records: NDArray[np.void]
    totals: Scores
    signals: Mapping[str, Scores]
    ranks: Mapping[str, NDArray[np.int32]]
    matched: NDArray[np.int32]
    counts: TermCounts
    lead: float


@dataclass(frozen=True, slots=True)
class Asking:
    """What ranking takes from the request: weights by signal, the moment of asking, the half-life of recency.

    `usefulness` says of memories how useful they have been, -1..1, those without feedback left out.
    """

    weights: Mapping[str, float]
    now_s: float
    half_life_days: float
    usefulness: Callable[[Sequence[UUID]], Mapping[UUID, float]]


def rank(place: _sql.Place, rows: _sql.Rows, question: Question, asking: Asking) -> Ranked:
    """Order the candidates: 'lite' for all, every signal for the best RETRIEVAL_FULLY_RANKED memories."""
    rows, ranks = _distinct(rows)
    texts = _signals.texts_of(rows, question)
    best_bm25 = float(texts.bm25.max(initial=0.0))
    signals = _signals.own_signals(rows, texts, question, best_bm25)
    signals["recency"] = _signals.recency(rows.records, asking.now_s, asking.half_life_days)
    lite = _sum(signals, asking.weights)
    chosen, matched = _best_chunks(rows.records, lite)
    records = rows.records[chosen]
    signals = {name: values[chosen] for name, values in signals.items()}
    top = slice(0, settings.RETRIEVAL_FULLY_RANKED)
    near = _signals.neighbours_of(place, records[top], question)
    more = _signals.neighbour_signals(near, len(records[top]), best_bm25)
    late = _signals.late_interaction(place, records[top], texts.short[chosen][top], near, question)
    more |= {"late_interaction": late, "session_late_interaction": _signals.best_of_session(records[top], late)}
    more["feedback"] = _feedback(records[top], asking)
    for name, values in more.items():
        signals[name] = np.concatenate([values, np.zeros(len(records) - len(values), np.float32)])
    totals = _sum(signals, asking.weights)
    totals[settings.RETRIEVAL_FULLY_RANKED :] += _NOT_FULLY_RANKED
    order = np.lexsort((records["memory_id"], -totals))
    return Ranked(
        records=records[order],
        totals=totals[order],
        signals={name: values[order] for name, values in signals.items()},
        ranks={name: values[chosen][order] for name, values in ranks.items()},
        matched=matched[order],
        counts=_sql.select(rows, chosen[order]).counts,
        lead=_lead(late, signals["author"][top]) if question.authors else 0.0,
    )


def _lead(late: Scores, by_named_author: Scores) -> float:
    """How much better the best of what the named authors said matches, word by word, than the best of the others'.

    Below 0 it was most likely somebody else who said what is asked for.
    """
    theirs = by_named_author > 0
    return float(late[theirs].max() - late[~theirs].max()) if theirs.any() and not theirs.all() else 0.0


def _feedback(records: NDArray[np.void], asking: Asking) -> Scores:
    ids = _sql.uuids(records["memory_id"])
    known = asking.usefulness(ids)
    return np.array([known.get(memory_id, 0.0) for memory_id in ids], np.float32)


def _sum(signals: Mapping[str, Scores], weights: Mapping[str, float]) -> Scores:
    count = len(next(iter(signals.values())))
    return sum((weights[name] * values for name, values in signals.items()), np.zeros(count, np.float32))


def _distinct(rows: _sql.Rows) -> tuple[_sql.Rows, dict[str, NDArray[np.int32]]]:
    """Each chunk once, with its place in each arm that proposed it (0: not proposed)."""
    records = rows.records
    _, first, inverse = np.unique(_sql.chunk_numbers(records), return_index=True, return_inverse=True)
    ranks = {}
    for bit, name in _ARM_NAMES.items():
        place_of = np.zeros(len(first), np.int32)
        held = np.flatnonzero(records["arm"] == bit)
        by_score = held[np.argsort(-records["cosine"][held], kind="stable")]
        place_of[inverse[by_score]] = np.arange(1, len(by_score) + 1)
        ranks[name] = place_of
    return _sql.select(rows, first), ranks


def _best_chunks(records: NDArray[np.void], scores: Scores) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The best chunk of each memory, best memory first, and how many of its chunks were proposed."""
    order = np.argsort(-scores, kind="stable")
    numbers = _sql.id_numbers(records["memory_id"])[order]
    _, first, counts = np.unique(numbers, return_index=True, return_counts=True)
    by_score = np.argsort(first, kind="stable")
    return order[first[by_score]], counts[by_score].astype(np.int32)
