"""Counts what is embedded in this process: texts, tokens, cache hits, calls, errors and their latency."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from time import perf_counter
from typing import Final, Literal

Purpose = Literal["document", "query"]

BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, float("inf"))
"""Upper bounds of the latency histogram, in seconds; the last one holds everything."""


@dataclass(slots=True)
class Counters:
    """What one model did for one purpose: `calls` are its runs, `busy_s` their time; a cache answered `cached`."""

    texts: int = 0
    tokens: int = 0
    cached: int = 0
    calls: int = 0
    errors: int = 0
    busy_s: float = 0.0
    latency_counts: list[int] = field(default_factory=lambda: [0] * len(BUCKETS_S))


class Statistics:
    """Counters by model and purpose. `totals` is what a metrics endpoint reads; `drain` what is kept elsewhere."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._totals: dict[tuple[str, Purpose], Counters] = {}
        self._undrained: dict[tuple[str, Purpose], Counters] = {}

    def count(self, model: str, purpose: Purpose, *, texts: int = 0, tokens: int = 0, cached: int = 0) -> None:
        """Add texts that were asked for, tokens that the model read, and texts that a cache answered."""
        with self._lock:
            for counters in self._both(model, purpose):
                counters.texts += texts
                counters.tokens += tokens
                counters.cached += cached

    @contextmanager
    def timed(self, model: str, purpose: Purpose) -> Iterator[None]:
        """Count the run of the model inside, its time, and whether it failed."""
        started, failed = perf_counter(), 1
        try:
            yield
            failed = 0
        finally:
            took_s = perf_counter() - started
            with self._lock:
                for counters in self._both(model, purpose):
                    counters.calls += 1
                    counters.errors += failed
                    counters.busy_s += took_s
                    counters.latency_counts[bisect_left(BUCKETS_S, took_s)] += 1

    def totals(self) -> dict[tuple[str, Purpose], Counters]:
        """Everything since this process started, by model and purpose."""
        with self._lock:
            return dict(self._totals)

    def drain(self) -> dict[tuple[str, Purpose], Counters]:
        """Everything since the last call, by model and purpose."""
        with self._lock:
            drained, self._undrained = self._undrained, {}
        return drained

    def give_back(self, drained: dict[tuple[str, Purpose], Counters]) -> None:
        """What was drained could not be stored after all."""
        with self._lock:
            for (model, purpose), lost in drained.items():
                counters = self._undrained.setdefault((model, purpose), Counters())
                for name in ("texts", "tokens", "cached", "calls", "errors", "busy_s"):
                    setattr(counters, name, getattr(counters, name) + getattr(lost, name))
                pairs = zip(counters.latency_counts, lost.latency_counts, strict=True)
                counters.latency_counts = [ours + theirs for ours, theirs in pairs]

    def _both(self, model: str, purpose: Purpose) -> tuple[Counters, Counters]:
        key = (model, purpose)
        return self._totals.setdefault(key, Counters()), self._undrained.setdefault(key, Counters())


def quantile_s(latency_counts: list[int], q: float) -> float | None:
    """About the q-th quantile (0..1) of a histogram over BUCKETS_S, in seconds, interpolated; None without values."""
    total = sum(latency_counts)
    if not total:
        return None
    wanted, seen, floor = q * total, 0, 0.0
    for count, top in zip(latency_counts, BUCKETS_S, strict=True):
        if count and seen + count >= wanted:
            return floor if top == float("inf") else floor + (top - floor) * (wanted - seen) / count
        seen, floor = seen + count, top
    return floor


statistics = Statistics()
"""The counters of this process."""
