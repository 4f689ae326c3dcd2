"""The sentence in which a memory mentions something, cut to what a list can show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from enrichment.prose import SHORT

_AROUND_CHARS: Final = 160
_ENDS: Final = re.compile(r"[.!?…。！？]+[\"'”’)\]]*\s+|\n+")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The words, and what stands before and after them in their sentence."""

    before: str
    words: str
    after: str

    @property
    def sentence(self) -> str:
        """All of it."""
        return self.before + self.words + self.after


def excerpt(text: str, start: int, end: int) -> Excerpt:
    """The sentence around [start:end), at most _AROUND_CHARS characters on each side."""
    first = max(0, start - _AROUND_CHARS)
    breaks = [found for found in _ENDS.finditer(text, first, start) if not SHORT.search(text[: found.start()][-12:])]
    begin = breaks[-1].end() if breaks else first
    ends = _ENDS.finditer(text, end, min(len(text), end + _AROUND_CHARS))
    stop = next((found for found in ends if not SHORT.search(text[: found.start()][-12:])), None)
    last = stop.start() + len(stop.group().rstrip()) if stop else min(len(text), end + _AROUND_CHARS)
    before = ("…" if begin and not breaks else "") + text[begin:start]
    after = text[end:last] + ("…" if not stop and last < len(text) else "")
    return Excerpt(before.lstrip("\n"), text[start:end], after)
