"""Adds the embedding counters of this process to the database, where every process's are summed, and reads them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from memories.embedding.statistics import BUCKETS_S, quantile_s, statistics
from memories.models import EmbeddingUsage
from memshadow.lib.clock import now

logger = logging.getLogger(__name__)

KEPT = timedelta(days=90)
_COUNTED = ("texts", "tokens", "cached", "calls", "errors", "busy_s")
_ADD = """
INSERT INTO memories_embeddingusage AS u
    (model_name, purpose, hour, texts, tokens, cached, calls, errors, busy_s, latency_counts)
VALUES (%(model)s, %(purpose)s, date_trunc('hour', now()), %(texts)s, %(tokens)s, %(cached)s, %(calls)s, %(errors)s,
        %(busy_s)s, %(latency_counts)s)
ON CONFLICT (model_name, purpose, hour) DO UPDATE SET
    texts = u.texts + excluded.texts, tokens = u.tokens + excluded.tokens, cached = u.cached + excluded.cached,
    calls = u.calls + excluded.calls, errors = u.errors + excluded.errors, busy_s = u.busy_s + excluded.busy_s,
    latency_counts = ARRAY(
        SELECT COALESCE(a, 0) + COALESCE(b, 0)
        FROM unnest(u.latency_counts, excluded.latency_counts) WITH ORDINALITY AS both_counts (a, b, place)
        ORDER BY place
    )
"""
_lock = Lock()
_flushed_at = 0.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What one model did for one purpose ('document' or 'query') in a period. Latency is of one run of the model."""

    model_name: str
    purpose: str
    texts: int
    tokens: int
    cached: int
    calls: int
    errors: int
    busy_s: float
    latency_counts: tuple[int, ...]

    @property
    def hit_rate(self) -> float | None:
        """Which share of the texts a cache answered, 0..1."""
        return self.cached / self.texts if self.texts else None

    @property
    def hit_percent(self) -> int:
        """The same in per cent, 0 without texts."""
        return round(100 * (self.hit_rate or 0))

    @property
    def p50_ms(self) -> float | None:
        """What half of the runs took at most, in milliseconds."""
        return self.latency_ms(0.5)

    @property
    def p95_ms(self) -> float | None:
        """What 95 % of the runs took at most, in milliseconds."""
        return self.latency_ms(0.95)

    @property
    def texts_per_s(self) -> float | None:
        """Texts computed in a second of the model's work."""
        return (self.texts - self.cached) / self.busy_s if self.busy_s else None

    def latency_ms(self, q: float) -> float | None:
        """About the q-th quantile (0..1) of a run's time, in milliseconds."""
        seconds = quantile_s(list(self.latency_counts), q)
        return None if seconds is None else seconds * 1000


def flush_if_due(**_: Any) -> None:
    """Called after each request, when the answer is on its way: every few seconds, add what has been counted."""
    if time.monotonic() - _flushed_at > settings.EMBEDDING_USAGE_FLUSH_S and not connection.in_atomic_block:
        flush()


def flush() -> None:
    """Add what this process has counted to the database. What cannot be stored now is kept for the next time."""
    global _flushed_at
    with _lock:
        _flushed_at = time.monotonic()
        drained = statistics.drain()
        if not drained:
            return
        try:
            # In one order, so that two processes never wait for each other.
            with transaction.atomic(), connection.cursor() as cursor:
                for (model, purpose), counters in sorted(drained.items()):
                    cursor.execute(_ADD, {"model": model[:100], "purpose": purpose, **asdict(counters)})
        except DatabaseError:
            logger.exception("The embedding counters could not be stored; the next time, then")
            statistics.give_back(drained)


def usage_since(moment: datetime | None = None) -> list[Usage]:
    """The counters of every model and purpose, from that hour on or of all that is kept, by model."""
    rows = EmbeddingUsage.objects.filter(hour__gte=moment) if moment else EmbeddingUsage.objects.all()
    sums = rows.values("model_name", "purpose").annotate(**{name: Sum(name) for name in _COUNTED})
    histograms: dict[tuple[str, str], list[int]] = {}
    for model, purpose, counts in rows.values_list("model_name", "purpose", "latency_counts"):
        key = (model, purpose)
        histograms[key] = _added(histograms.get(key, [0] * len(BUCKETS_S)), counts)
    counted: list[dict[str, Any]] = [dict(row) for row in sums.order_by("model_name", "purpose")]
    return [Usage(**row, latency_counts=tuple(histograms[row["model_name"], row["purpose"]])) for row in counted]


def usage_of_last_day() -> list[Usage]:
    """The counters of the last twenty-four hours."""
    return usage_since(now() - timedelta(hours=24))


def _added(ours: Iterable[int], theirs: list[int]) -> list[int]:
    padded = [*theirs, *[0] * len(BUCKETS_S)]
    return [a + b for a, b in zip(ours, padded, strict=False)]


def prune() -> None:
    """Forget the hours before the last ninety days."""
    EmbeddingUsage.objects.filter(hour__lt=now() - KEPT).delete()
