"""A reranker's second look at the best of the ranking: it says which ones, the first ranking says how many."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from accounts.flows.consenting import has_refused_models
from memories.models import Memory
from memories.reranking import Passage, reranker
from memories.retrieval import _sql
from memories.retrieval._cursor import decode, mark
from memories.retrieval._order import relative
from memories.retrieval._ranking import Ranked
from memories.retrieval._request import NO_RERANK, Moved, Reranking, SearchRequest
from memories.retrieval._words import Scores
from memories.selectors import as_known, bare_memories_by_id
from memshadow.lib.errors import MemshadowError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reranked:
    """The ranking in its new order. `moved` says of each hit that was read what became of it; of others nothing."""

    ranked: Ranked
    moved: Mapping[UUID, Moved]
    report: Reranking | None


def reranked(request: SearchRequest, ranked: Ranked) -> Reranked:
    """The ranking with its best RETRIEVAL_RERANK_DEPTH memories reordered, if the request asks for it.

    A further page has the order of the first. When the reranker fails: the ranking as it was, and the reason.
    """
    if request.rerank == NO_RERANK:
        return Reranked(ranked, {}, None)
    said = decode(request.cursor).reranked if request.cursor else None
    if said is not None and not said:
        return Reranked(ranked, {}, not_reranked(request, "The page before was not reranked, and its order goes on."))
    if request.rerank == "llm" and has_refused_models(request.owner):
        return Reranked(
            ranked, {}, not_reranked(request, "You withdrew from having memories sent to a language model.")
        )
    read = slice(0, settings.RETRIEVAL_RERANK_DEPTH)
    ids = _sql.uuids(ranked.records["memory_id"][read])
    try:
        scores = _remembered(said, ids) if said else _asked(request, ids, ranked.records[read])
    except MemshadowError as error:
        logger.warning("Reranking (%s) failed: %s", request.rerank, error.details.get("trouble", error.code))
        return Reranked(ranked, {}, not_reranked(request, error.message))
    if scores is None:
        return Reranked(ranked, {}, not_reranked(request, "There are no two hits to put in order."))
    return _applied(request, ranked, ids, scores)


def not_reranked(request: SearchRequest, reason: str) -> Reranking | None:
    """The report on a search without reranking; None when nobody asked for any. Raises as `reranker` does."""
    if request.rerank == NO_RERANK:
        return None
    return Reranking(request.rerank, reranker(request.rerank).name, reason=reason)


def _remembered(said: Mapping[bytes, float], ids: Sequence[UUID]) -> Scores:
    """What the reranker said for the first page; memories that are new since come last."""
    return np.array([said.get(mark(memory_id), 0.0) for memory_id in ids], np.float32)


def _asked(request: SearchRequest, ids: Sequence[UUID], records: NDArray[np.void]) -> Scores | None:
    """The reranker's scores (n,) from 0 (the worst of them) to 1 in hundredths; None for fewer than two memories."""
    memories = bare_memories_by_id(request.owner, ids)
    if request.as_of is not None:
        memories = as_known(memories, request.as_of)
    # What its owner sealed is not read: it keeps what the first ranking says of it, and gets nothing on top.
    there = [place for place, key in enumerate(ids) if key in memories and not memories[key].is_sealed]
    if len(there) < 2:
        return None
    passages = [_passage(memories[ids[place]], records[place]) for place in there]
    scores = np.zeros(len(ids), np.float32)
    scores[there] = np.round(relative(reranker(request.rerank).scores(request.query, passages)), 2)
    return scores


def _applied(request: SearchRequest, ranked: Ranked, ids: Sequence[UUID], scores: Scores) -> Reranked:
    """Sorted by the weighted sum of what the reranker and the first ranking say, each from 0 to 1 among these."""
    weight = settings.RETRIEVAL_RERANK_WEIGHT
    blended = weight * scores + (1 - weight) * relative(ranked.totals[: len(ids)])
    order = np.argsort(-blended, kind="stable")
    moved = {ids[place]: Moved(round(float(scores[place]), 2), place + 1) for place in order.tolist()}
    report = Reranking(request.rerank, reranker(request.rerank).name, applied=True, hits=len(ids))
    return Reranked(_reordered(ranked, order), moved, report)


def _passage(memory: Memory, record: np.void) -> Passage:
    """The chunk for which the memory was found; all of a text that has become shorter since."""
    text = memory.content[int(record["span_start"]) : int(record["span_end"])] or memory.content
    return Passage(text, memory.author or memory.role, memory.occurred_at.date())


def _reordered(ranked: Ranked, order: NDArray[np.int64]) -> Ranked:
    """The first len(order) memories in that order. Totals, and so scores, belong to the places and stay."""
    whole = np.concatenate([order, np.arange(len(order), len(ranked.records))])
    rows = _sql.select(_sql.Rows(ranked.records, ranked.counts), whole)
    return replace(
        ranked,
        records=rows.records,
        signals={name: values[whole] for name, values in ranked.signals.items()},
        ranks={name: places[whole] for name, places in ranked.ranks.items()},
        matched=ranked.matched[whole],
        counts=rows.counts,
    )
