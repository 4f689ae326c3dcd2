"""The stages of a search, in order: understand, plan, candidates, fuse, page, read, explain."""

from __future__ import annotations

import base64
import binascii
import struct
import time
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.conf import settings

from accounts.models import User
from memories import generations
from memories.filters import MemoryFilter
from memories.models import Memory
from memories.retrieval import _plan, _sql
from memories.retrieval._conditions import conditions_for
from memories.retrieval._fusion import fuse
from memories.retrieval._query import Understood, understand
from memories.retrieval._request import Explanation, Hit, SearchRequest, SearchResult, Signal
from memories.retrieval._snippets import snippet_of
from memories.selectors import memories_by_id
from memshadow.lib.errors import ValidationFailed

_CURSOR = struct.Struct(">f16s")


@dataclass(frozen=True, slots=True)
class _Ranked:
    memory_id: UUID
    score: float
    best: _sql.Candidate
    matched: int

    @property
    def order(self) -> tuple[float, bytes]:
        return (-self.score, self.memory_id.bytes)


def search(request: SearchRequest) -> SearchResult:
    """The owner's memories that answer the question best.

    Raises ValidationFailed for an empty question, a bad limit, threshold or cursor.
    """
    started = time.perf_counter()
    _check(request)
    generation = generations.active()
    understood = understand(request.query, request.owner.id, generation)
    conditions = conditions_for(request.owner, generation.id, request.wanted)
    if conditions is None or understood.is_empty:
        return SearchResult([], None, _since(started), "none", {"vector": 0, "lexical": 0})
    plan = _plan.choose(conditions, narrowed=not request.wanted.is_default)
    found = _sql.candidates(conditions, understood.arms, exact=plan.exact, limit=settings.RETRIEVAL_CANDIDATES)
    ranked = [r for r in _ranked(found) if r.score >= request.threshold]
    page, next_cursor = _page(ranked, request)
    return SearchResult(
        hits=_hits(request, understood, page),
        next_cursor=next_cursor,
        took_ms=_since(started),
        plan="exact" if plan.exact else "hnsw",
        arms={
            "vector": sum(c.vector_rank is not None for c in found),
            "lexical": sum(c.lexical_rank is not None for c in found),
        },
    )


def related(owner: User, memory: Memory, *, limit: int = 10) -> list[tuple[Memory, float]]:
    """The active memories that mean nearly the same, with their cosine, nearest first."""
    generation = generations.active()
    conditions = conditions_for(owner, generation.id, MemoryFilter())
    if conditions is None:
        return []
    near = _sql.nearest_to(conditions, memory.id, generation.dimension, limit=limit)
    rows = memories_by_id(owner, [memory_id for memory_id, _ in near])
    return [(rows[memory_id], cosine) for memory_id, cosine in near if memory_id in rows]


def _check(request: SearchRequest) -> None:
    if not request.query.strip():
        raise ValidationFailed("Ask for something: the query is empty.", field="query")
    if len(request.query) > 10_000:
        raise ValidationFailed("A query has at most 10,000 characters.", field="query")
    if not 1 <= request.limit <= settings.RETRIEVAL_MAX_RESULTS:
        raise ValidationFailed(f"limit lies between 1 and {settings.RETRIEVAL_MAX_RESULTS}.", field="limit")
    if not 0 <= request.threshold <= 1:
        raise ValidationFailed("threshold lies between 0 and 1.", field="threshold")


def _ranked(found: list[_sql.Candidate]) -> list[_Ranked]:
    """Memories by their best chunk. Equal scores are ordered by id, so that pages never overlap."""
    scores = fuse(
        np.array([c.cosine for c in found], np.float32),
        np.array([c.lexical for c in found], np.float32),
        lexical_weight=settings.RETRIEVAL_LEXICAL_WEIGHT,
    ).tolist()
    best: dict[UUID, _Ranked] = {}
    for candidate, score in zip(found, scores, strict=True):
        known = best.get(candidate.memory_id)
        matched = known.matched + 1 if known else 1
        leader = known if known and known.score >= score else None
        best[candidate.memory_id] = _Ranked(
            candidate.memory_id,
            leader.score if leader else score,
            leader.best if leader else candidate,
            matched,
        )
    return sorted(best.values(), key=lambda r: r.order)


def _page(ranked: list[_Ranked], request: SearchRequest) -> tuple[list[_Ranked], str | None]:
    if request.cursor:
        score, memory_id = _decode(request.cursor)
        ranked = [r for r in ranked if r.order > (-score, memory_id)]
    page = ranked[: request.limit]
    more = len(ranked) > len(page)
    return page, _encode(page[-1]) if more and page else None


def _hits(request: SearchRequest, understood: Understood, page: list[_Ranked]) -> list[Hit]:
    rows = memories_by_id(request.owner, [r.memory_id for r in page])
    return [
        Hit(
            memory=rows[r.memory_id],
            score=round(r.score, 4),
            snippet=snippet_of(rows[r.memory_id], r.best.span_start, r.best.span_end, understood.terms),
            explanation=_explain(r) if request.explain else None,
        )
        for r in page
        if r.memory_id in rows
    ]


def _explain(ranked: _Ranked) -> Explanation:
    best = ranked.best
    weights = {"meaning": (best.cosine, 1.0), "words": (best.lexical, settings.RETRIEVAL_LEXICAL_WEIGHT)}
    signals = (Signal(name, round(v, 4), weight, round(v * weight, 4)) for name, (v, weight) in weights.items() if v)
    ranks = {"vector": best.vector_rank, "lexical": best.lexical_rank}
    return Explanation(
        signals=tuple(sorted(signals, key=lambda signal: -signal.contribution)),
        ranks={arm: rank for arm, rank in ranks.items() if rank is not None},
        chunk=best.chunk,
        chunks_matched=ranked.matched,
    )


def _encode(last: _Ranked) -> str:
    return base64.urlsafe_b64encode(_CURSOR.pack(last.score, last.memory_id.bytes)).decode().rstrip("=")


def _decode(cursor: str) -> tuple[float, bytes]:
    try:
        score, memory_id = _CURSOR.unpack(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return float(score), bytes(memory_id)
    except (binascii.Error, struct.error, ValueError):
        raise ValidationFailed("That cursor is not valid; ask for the first page without one.") from None


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
