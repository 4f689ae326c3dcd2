"""Percentiles and tables of what a benchmark measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def timed_ms(call: Callable[[T], object], inputs: Iterable[T]) -> list[float]:
    """Milliseconds of `call` for each input."""
    times = []
    for value in inputs:
        started = time.perf_counter()
        call(value)
        times.append((time.perf_counter() - started) * 1000)
    return times


def percentile(values: Sequence[float], q: float) -> float:
    """The q-th percentile (0..100)."""
    return float(np.percentile(values, q))


def table(rows: Sequence[tuple[str, Sequence[float]]]) -> str:
    """A Markdown table of p50 and p95 in milliseconds."""
    lines = ["| what | p50 ms | p95 ms |", "|---|---|---|"]
    lines += [f"| {name} | {percentile(v, 50):.2f} | {percentile(v, 95):.2f} |" for name, v in rows]
    return "\n".join(lines)
