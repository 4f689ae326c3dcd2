"""Groups texts of like length into batches, so that little of the model's work is spent on padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

# What starting a run costs, in tokens: measured with the built-in model (docs/benchmarks.md, embedding).
RUN_TOKENS = 16
MOST_TEXTS = 128


def plan_batches(
    lengths: Sequence[int], budget_tokens: int, *, most_texts: int = MOST_TEXTS, run_tokens: int = RUN_TOKENS
) -> Iterator[list[int]]:
    """Yields lists of positions in `lengths` that cover each once, longest first.

    A batch's count times its longest length, which is what the model computes, stays within `budget_tokens`
    unless a single text exceeds it, and its count within `most_texts`; the sum of those products and `run_tokens` a
    batch is the least that is possible.
    Longest first, so that memory is at its peak at once and not at the end.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    falling = [max(1, lengths[position]) for position in order]
    for start, end in _cuts(falling, budget_tokens, most_texts, run_tokens):
        yield order[start:end]


def _cuts(falling: list[int], budget_tokens: int, most_texts: int, run_tokens: int) -> list[tuple[int, int]]:
    """Where to cut a falling list of lengths, by the cheapest way to each place (dynamic programming)."""
    cost, came_from = [0], [0]
    for end in range(1, len(falling) + 1):
        best, start = min(
            (cost[start] + run_tokens + (end - start) * falling[start], start)
            for start in _starts(falling, end, budget_tokens, most_texts)
        )
        cost.append(best)
        came_from.append(start)
    cuts, end = [], len(falling)
    while end:
        cuts.append((came_from[end], end))
        end = came_from[end]
    return cuts[::-1]


def _starts(falling: list[int], end: int, budget_tokens: int, most_texts: int) -> Iterator[int]:
    """Where a batch that ends there may begin."""
    yield end - 1
    for start in range(end - 2, max(-1, end - 1 - most_texts), -1):
        if (end - start) * falling[start] > budget_tokens:
            return
        yield start


def pad(rows: Sequence[Sequence[int]], pad_id: int) -> NDArray[np.int32]:
    """The rows as one int32 array (n, longest), filled up with `pad_id`."""
    padded = np.full((len(rows), max(map(len, rows))), pad_id, np.int32)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded
