"""What was found in a text, and which of two that overlap stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The words `text` at [start:end) name a `value` of a kind; `rule` says which pattern or model saw it.

    `value` is the normalised form: two spellings of one thing have the same. Dates span [starts_at:ends_at) in UTC.
    """

    kind: str
    start: int
    end: int
    text: str
    value: str
    rule: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def moved(self, places: int) -> Found:
        """The same, so many characters further on."""
        return replace(self, start=self.start + places, end=self.end + places)


def found(kind: str, text: str, span: tuple[int, int], value: str, rule: str) -> Found:
    """What the words at a span of a text are."""
    start, end = span
    return Found(kind, start, end, text[start:end], value, rule)


def without_overlaps(found: Iterable[Found]) -> list[Found]:
    """Those that do not overlap an earlier one, in the text's order: earlier ones take precedence."""
    taken: list[Found] = []
    covered: set[int] = set()
    for one in found:
        places = range(one.start, one.end)
        if covered.isdisjoint(places):
            covered.update(places)
            taken.append(one)
    return sorted(taken, key=lambda one: one.start)
