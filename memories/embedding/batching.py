"""Groups texts of like length into batches, so that little of the model's work is spent on padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def plan_batches(lengths: Sequence[int], budget_tokens: int) -> Iterator[list[int]]:
    """Yields lists of positions in `lengths` that cover each once, longest first.

    A batch's count times its longest length, which is what the model computes, stays within `budget_tokens`
    unless a single text exceeds it. Longest first, so that memory is at its peak at once and not at the end.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    start = 0
    while start < len(order):
        size = max(1, budget_tokens // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def pad(rows: Sequence[Sequence[int]], pad_id: int) -> NDArray[np.int32]:
    """The rows as one int32 array (n, longest), filled up with `pad_id`."""
    padded = np.full((len(rows), max(map(len, rows))), pad_id, np.int32)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded
