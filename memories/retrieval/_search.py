"""The stages of a search, in order: understand, plan, candidates, rank, rerank, collapse, page, read, explain."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from accounts.models import User
from memories import feedback_rules, generations
from memories.filters import MemoryFilter
from memories.models import Memory
from memories.reranking import reranker
from memories.retrieval import _sql
from memories.retrieval._anchors import anchored_times
from memories.retrieval._candidates import propose
from memories.retrieval._conditions import conditions_for
from memories.retrieval._cursor import Cursor, decode, encode, mark
from memories.retrieval._order import Ordered, ordered
from memories.retrieval._query import Question, understand
from memories.retrieval._ranking import SIGNALS, Asking, rank
from memories.retrieval._request import ARMS, NO_RERANK, Explanation, Hit, SearchRequest, SearchResult, Signal
from memories.retrieval._reranking import Reranked, not_reranked, reranked
from memories.retrieval._snippets import snippet_of
from memories.selectors import as_known, memories_by_id
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed

_QUERY_MAX_CHARS = 10_000
_ANCHORS = 5  # memories that may tell the day of an event


@dataclass(frozen=True, slots=True)
class Found:
    """A search before its page is cut: the question as understood, the final order, and how it came about."""

    question: Question
    reranked: Reranked
    ordered: Ordered
    plan: str


def search(request: SearchRequest) -> SearchResult:
    """The owner's memories that answer the question best.

    Raises ValidationFailed for an empty question, a bad limit, threshold, cursor, arm, weight, diversity or reranker.
    """
    started = time.perf_counter()
    _check(request)
    found = find(request)
    if found is None:
        report = not_reranked(request, "Nothing was found.")
        return SearchResult([], None, _since(started), "none", dict.fromkeys(ARMS, 0), rerank=report)
    page, next_cursor = _page(found, request)
    return SearchResult(
        hits=_hits(request, found, page),
        next_cursor=next_cursor,
        took_ms=_since(started),
        plan=found.plan,
        arms={name: int(np.count_nonzero(ranks)) for name, ranks in found.ordered.ranked.ranks.items()},
        understood=found.question.understood,
        rerank=found.reranked.report,
    )


def find(request: SearchRequest) -> Found | None:
    """Everything up to the order; None when nothing can be found. Reads no memory's text but for a reranker."""
    generation = generations.active()
    at = request.at or now()
    question = understand(request.query, request.owner.id, generation, at)
    if hanging := anchored_times(request.query, at, partial(_about, request, at)):
        question = replace(question, times=(*question.times, *hanging))
    conditions = conditions_for(request.owner, generation.id, request.wanted, as_of=request.as_of)
    if conditions is None or question.is_empty:
        return None
    if not request.sealed:
        conditions = conditions.also("NOT e.sealed")
    for phrase in question.required:
        conditions = conditions.also("e.lexemes @@ %s::tsquery", phrase)
    for phrase in question.forbidden:
        conditions = conditions.also("NOT e.lexemes @@ %s::tsquery", phrase)
    place = _sql.Place.of(request.owner.id, generation.id, generation.dimension, question.vector, question.quoted)
    proposed = propose(place, conditions, question, request)
    asking = Asking(_weights(request), at.timestamp(), _half_life_days(request), _usefulness(request, question))
    again = reranked(request, rank(place, proposed.rows, question, asking))
    return Found(question, again, ordered(place, again.ranked, request), proposed.plan)


def _about(request: SearchRequest, at: datetime, event: str) -> list[Hit]:
    return search(SearchRequest(request.owner, event, limit=_ANCHORS, at=at, as_of=request.as_of)).hits


def related(owner: User, memory: Memory, *, limit: int = 10) -> list[tuple[Memory, float]]:
    """The active memories that mean nearly the same, with their cosine, nearest first."""
    generation = generations.active()
    conditions = conditions_for(owner, generation.id, MemoryFilter())
    if conditions is None:
        return []
    near = _sql.nearest_to(conditions, memory.id, generation.dimension, limit=limit)
    rows = memories_by_id(owner, [memory_id for memory_id, _ in near])
    return [(rows[memory_id], cosine) for memory_id, cosine in near if memory_id in rows]


def vectors_of(owner: User, hits: Sequence[Hit]) -> NDArray[np.float32]:
    """The unit vectors (n, dimension) of the hits' best chunks; zeros for one that has none yet."""
    generation = generations.active()
    chunks = [(hit.memory.id, hit.explanation.chunk if hit.explanation else 0) for hit in hits]
    return _sql.vectors_of(owner.id, generation.id, generation.dimension, chunks)


def _check(request: SearchRequest) -> None:
    if not request.query.strip():
        raise ValidationFailed("Ask for something: the query is empty.", field="query")
    if len(request.query) > _QUERY_MAX_CHARS:
        raise ValidationFailed(f"A query has at most {_QUERY_MAX_CHARS:,} characters.", field="query")
    if not 1 <= request.limit <= settings.RETRIEVAL_MAX_RESULTS:
        raise ValidationFailed(f"limit lies between 1 and {settings.RETRIEVAL_MAX_RESULTS}.", field="limit")
    for name in ("threshold", "diversity"):
        if not 0 <= getattr(request, name) <= 1:
            raise ValidationFailed(f"{name} lies between 0 and 1.", field=name)
    _check_names("arms", request.arms, ARMS)
    _check_names("weights", request.weights, SIGNALS)
    if not all(-10 <= weight <= 10 for weight in request.weights.values()):
        raise ValidationFailed("A weight lies between -10 and 10.", field="weights")
    if request.rerank != NO_RERANK:
        reranker(request.rerank)


def _check_names(field: str, given: object, known: tuple[str, ...]) -> None:
    unknown = [name for name in given if name not in known] if isinstance(given, tuple | Mapping) else []
    if unknown:
        raise ValidationFailed(f"{field} are {', '.join(known)}; not {', '.join(unknown)}.", field=field)


def _weights(request: SearchRequest) -> Mapping[str, float]:
    return {**settings.RETRIEVAL_WEIGHTS, **request.weights}


def _half_life_days(request: SearchRequest) -> float:
    given = request.recency_half_life_days
    return float(settings.RETRIEVAL_HALF_LIFE_DAYS if given is None else given)


def _usefulness(request: SearchRequest, question: Question) -> Callable[[Sequence[UUID]], Mapping[UUID, float]]:
    if not question.known.feedback:
        return lambda _: {}
    terms = feedback_rules.question_terms(request.owner.id, question.parsed)
    return lambda memory_ids: feedback_rules.memory_signals(request.owner.id, memory_ids, terms)


def _page(found: Found, request: SearchRequest) -> tuple[list[int], str | None]:
    order, totals = found.ordered, found.ordered.ranked.totals
    places = [place for place in order.places if order.scores[place] >= request.threshold]
    ids = order.ranked.records["memory_id"]
    if request.cursor:
        last = decode(request.cursor)
        place_of = {memory_id.bytes: n for n, memory_id in enumerate(_sql.uuids(ids[places]))}
        if (after := place_of.get(last.memory_id)) is not None:
            places = places[after + 1 :]
        else:  # it is gone: go on below its score
            places = [place for place in places if totals[place] < last.total]
    page = places[: request.limit]
    if len(places) <= len(page) or not page:
        return page, None
    [last_id] = _sql.uuids(ids[page[-1:]])
    given = {mark(memory_id): moved.score for memory_id, moved in found.reranked.moved.items()}
    return page, encode(Cursor(float(totals[page[-1]]), last_id.bytes, given))


def _hits(request: SearchRequest, found: Found, page: list[int]) -> list[Hit]:
    records = found.ordered.ranked.records
    ids = _sql.uuids(records["memory_id"][page])
    rows = memories_by_id(request.owner, ids)
    if request.as_of is not None:
        rows = as_known(rows, request.as_of)
    return [
        Hit(
            memory=rows[memory_id],
            score=round(float(found.ordered.scores[place]), 4),
            snippet=snippet_of(
                rows[memory_id],
                int(records["span_start"][place]),
                int(records["span_end"][place]),
                found.question.terms,
            ),
            explanation=_explain(found, request, place, memory_id) if request.explain else None,
        )
        for place, memory_id in zip(page, ids, strict=True)
        if memory_id in rows
    ]


def _explain(found: Found, request: SearchRequest, place: int, memory_id: UUID) -> Explanation:
    ranked, weights, expansions = found.ordered.ranked, _weights(request), found.question.expansions
    values = {name: float(signal[place]) for name, signal in ranked.signals.items()}
    signals = [
        Signal(name, round(value, 4), weights[name], round(weights[name] * value, 4))
        for name, value in values.items()
        if abs(weights[name] * value) >= 0.0001
    ]
    ranks = {name: int(places[place]) for name, places in ranked.ranks.items()}
    return Explanation(
        signals=tuple(sorted(signals, key=lambda signal: -abs(signal.contribution))),
        ranks={name: number for name, number in ranks.items() if number},
        chunk=int(ranked.records["chunk"][place]),
        chunks_matched=int(ranked.matched[place]),
        learnt=tuple(expansion.explanation for expansion in expansions) if values.get("expansion") else (),
        rerank=found.reranked.moved.get(memory_id),
    )


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
