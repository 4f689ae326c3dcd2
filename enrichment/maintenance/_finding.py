"""A check, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, in numbers and a sentence that quotes no memory.

    `found`: how many things want doing; `mended`: how many were done, 0 in a dry run.
    """

    found: int
    says: str
    mended: int = 0
    figures: Mapping[str, int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is looked after. `run(True)` puts right what it finds; `run(False)` changes nothing."""

    name: str
    label: str
    run: Callable[[bool], Finding]
