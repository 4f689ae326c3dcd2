"""Cutting a text into chunks that fit a model's window: at headings, paragraphs, code fences, sentences, words.

A chunk is a span of the original text. Chunks overlap by about a sentence, so that what stands at a border is found
from both sides, and together they cover every character that is not white space.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import regex
from numpy.typing import NDArray

LABEL_TOKENS = 16  # room for 'author: ' before the chunk
OVERLAP_TOKENS = 32


class Tokens(Protocol):
    """What chunking needs of an embedding provider."""

    @property
    def max_tokens(self) -> int:
        """The size of the window."""
        ...

    def token_spans(self, text: str) -> NDArray[np.int32]:
        """Character spans (t, 2) of the text's tokens, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """The characters [start:end] of a text; numbers count from 0."""

    number: int
    start: int
    end: int


# Where a text may be cut, best first: the strength of a border decides, then how full the chunk gets.
_BORDERS: tuple[tuple[int, regex.Pattern[str]], ...] = (
    (5, regex.compile(r"\n(?=#{1,6} )")),
    (4, regex.compile(r"(?<=\n)(?=(?:```|~~~))|(?<=\n(?:```|~~~)\n)|\n[ \t]*\n\s*")),
    (3, regex.compile(r"\n")),
    (2, regex.compile(r"(?<=[.!?…][\"'”’)\]]*)\s+|(?<=[。！？])")),
    (1, regex.compile(r"\s+|(?<=[,;、，])")),
)
_FENCE = regex.compile(r"(?m)^(```|~~~)[^\n]*\n(?:.*?\n)??\1[ \t]*$", regex.DOTALL)


def chunk_text(text: str, tokens: Tokens) -> list[Chunk]:
    """The chunks of a text, in order; exactly one when the whole fits the window. Linear in the text's length."""
    limit = tokens.max_tokens - LABEL_TOKENS
    if len(text) <= limit:
        return [Chunk(0, 0, len(text))]
    spans = tokens.token_spans(text)
    if len(spans) <= limit:
        return [Chunk(0, 0, len(text))]
    return [Chunk(number, *span) for number, span in enumerate(_spans(text, spans, limit))]


def _spans(text: str, tokens: NDArray[np.int32], limit: int) -> Iterator[tuple[int, int]]:
    starts, ends = tokens[:, 0].tolist(), tokens[:, 1].tolist()
    borders = _Borders(text)
    first = 0
    while True:
        begin = starts[first] if first else 0
        if first + limit >= len(starts):
            yield begin, len(text)
            return
        end = borders.best(starts[first + limit // 2], starts[first + limit])
        following = bisect_left(starts, end, first + 1)
        yield begin, end
        first = max(first + 1, _overlap(starts, ends, borders, following))


def _overlap(starts: list[int], ends: list[int], borders: _Borders, following: int) -> int:
    """The token at which the next chunk starts: a sentence before `following`, if one begins nearby."""
    earliest = max(0, following - OVERLAP_TOKENS)
    place = borders.sentence_before(starts[following], starts[earliest])
    return bisect_left(starts, place, earliest, following) if place is not None else following


class _Borders:
    """The places where a text may be cut, by strength."""

    def __init__(self, text: str) -> None:
        inside = [(m.start(), m.end()) for m in _FENCE.finditer(text)]
        self._fence_starts = [start for start, _ in inside]
        self._fences = inside
        self._places = [
            (strength, [m.end() for m in pattern.finditer(text)]) for strength, pattern in _BORDERS
        ]

    def best(self, earliest: int, latest: int) -> int:
        """The last place of the strongest border in (earliest, latest], or `latest` where there is none.

        Inside a code fence only line ends count.
        """
        for strength, places in self._places:
            place = _last_within(places, earliest, latest)
            if place is not None and not (strength > 3 and self._in_fence(place)):
                return place
        return latest

    def sentence_before(self, place: int, earliest: int) -> int | None:
        """Where the last sentence or line before `place` begins, not before `earliest`."""
        found = [
            start
            for strength, places in self._places
            if strength in (2, 3) and (start := _last_within(places, earliest, place - 1)) is not None
        ]
        return max(found, default=None)

    def _in_fence(self, place: int) -> bool:
        index = bisect_right(self._fence_starts, place) - 1
        return index >= 0 and self._fences[index][0] < place < self._fences[index][1]


def _last_within(places: list[int], after: int, up_to: int) -> int | None:
    index = bisect_right(places, up_to) - 1
    return places[index] if index >= 0 and places[index] > after else None
