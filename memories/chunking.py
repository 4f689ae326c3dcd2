"""Cutting a text into chunks that fit a model's window: at headings, paragraphs, fences, sentences, words.

A chunk is a span of the original text. Chunks overlap by about a sentence, so that what stands at a border is
found from both sides, and together they cover the whole text.
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
    (2, regex.compile(r"(?<=[.!?\u2026][\"'\u201d\u2019)\]]*)\s+|(?<=[\u3002\uff01\uff1f])")),
    (1, regex.compile(r"\s+|(?<=[,;\u3001\uff0c])")),
)
_FENCE_LINE = regex.compile(r"(?m)^(```|~~~)([^\n]*)$")
# The model reads a long 'word' (base64, emoji, a spaceless script) as one unknown token; for the size of a chunk
# it counts as if it were tokens of this many characters, so that no chunk is boundless.
_LONG_TOKEN_CHARS = 64
_COUNTED_CHARS = 8
# Decomposed Hangul gives three tokens a character, more than any other script.
_TOKENS_A_CHARACTER = 3


def chunk_text(text: str, tokens: Tokens) -> list[Chunk]:
    """The chunks of a text, in order; exactly one when the whole fits the window. Takes linear time."""
    limit = tokens.max_tokens - LABEL_TOKENS
    if len(text) * (1 if text.isascii() else _TOKENS_A_CHARACTER) <= limit:
        return [Chunk(0, 0, len(text))]
    spans = _without_long_tokens(tokens.token_spans(text))
    if len(spans) <= limit:
        return [Chunk(0, 0, len(text))]
    return [Chunk(number, *span) for number, span in enumerate(_spans(text, spans, limit))]


def _without_long_tokens(spans: NDArray[np.int32]) -> NDArray[np.int32]:
    long = np.flatnonzero(spans[:, 1] - spans[:, 0] > _LONG_TOKEN_CHARS)
    if not len(long):
        return spans
    parts: list[NDArray[np.int32]] = []
    done = 0
    for index in long.tolist():
        start, end = spans[index].tolist()
        starts = np.arange(start, end, _COUNTED_CHARS, dtype=np.int32)
        parts += [spans[done:index], np.stack([starts, np.minimum(starts + _COUNTED_CHARS, end)], axis=1)]
        done = index + 1
    return np.concatenate([*parts, spans[done:]])


def _spans(text: str, tokens: NDArray[np.int32], limit: int) -> Iterator[tuple[int, int]]:
    starts = tokens[:, 0].tolist()
    borders = _Borders(text)
    first = begin = 0
    while first + limit < len(starts):
        end = borders.best(starts[first + limit // 2], starts[first + limit])
        yield begin, end
        following = bisect_left(starts, end, first + 1)
        first = max(first + 1, _overlap(starts, borders, following))
        # Characters that the tokenizer drops, such as controls, may stand between the border and the token.
        begin = min(starts[first], end)
    yield begin, len(text)


def _overlap(starts: list[int], borders: _Borders, following: int) -> int:
    """The token at which the next chunk starts: a sentence before `following`, if one begins nearby."""
    earliest = max(0, following - OVERLAP_TOKENS)
    place = borders.sentence_before(starts[following], starts[earliest])
    return bisect_left(starts, place, earliest, following) if place is not None else following


class _Borders:
    """The places where a text may be cut, by strength."""

    def __init__(self, text: str) -> None:
        self._fences = _fences(text)
        self._fence_starts = [start for start, _ in self._fences]
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


def _fences(text: str) -> list[tuple[int, int]]:
    """The spans of fenced code; without a closing fence it goes on to the end, as in CommonMark."""
    fences: list[tuple[int, int]] = []
    opened: tuple[str, int] | None = None
    for line in _FENCE_LINE.finditer(text):
        if opened is None:
            opened = line.group(1), line.start()
        elif line.group(1) == opened[0] and not line.group(2).strip():
            fences.append((opened[1], line.end()))
            opened = None
    return [*fences, (opened[1], len(text))] if opened else fences


def _last_within(places: list[int], after: int, up_to: int) -> int | None:
    index = bisect_right(places, up_to) - 1
    return places[index] if index >= 0 and places[index] > after else None
