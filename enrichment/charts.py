"""Bars over time as the pages' SVG draws them: the server computes every coordinate, the table has the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600.0, 120.0
_GAP = 0.2
_LEAST_PX = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in the units of a view box of WIDTH x HEIGHT."""

    x: str
    y: str
    width: str
    height: str


def bars(values: Sequence[float]) -> list[Bar]:
    """A bar for each value that is not 0, the greatest as high as the box."""
    step, most = WIDTH / max(1, len(values)), max(values, default=0) or 1
    found = []
    for number, value in enumerate(values):
        height = max(value / most * HEIGHT, _LEAST_PX)
        if value:
            width = step * (1 - _GAP)
            found.append(Bar(f"{number * step:.1f}", f"{HEIGHT - height:.1f}", f"{width:.1f}", f"{height:.1f}"))
    return found
