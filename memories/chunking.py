"""Cuts a text into overlapping chunks that fit an embedding model, at the best boundaries it offers."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

TokenSpans = Callable[[str], NDArray[np.int32]]

OVERLAP_TOKENS = 32
# A token may stand for a 'word' of any length (BERT reads what is over 100 characters as one unknown). A chunk's
# characters are limited too, so that such a text still has snippets; prose has about four characters a token.
MAX_CHARACTERS_A_TOKEN = 12
# A character has at most this many tokens: Hangul syllables fall apart into three letters, a few others into four.
MAX_TOKENS_A_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """Part `number` (from 0) of a text: the characters text[start:end]."""

    number: int
    start: int
    end: int


class _Cut(IntEnum):
    """How good a place to cut is; the greater the better."""

    CHARACTER = 0
    TOKEN = 1
    WORD = 2
    LINE = 3
    SENTENCE = 4
    ITEM = 5
    PARAGRAPH = 6
    HEADING = 7


_Boundary = tuple[int, _Cut]

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]")
_SENTENCE_END = re.compile(
    # Latin and most scripts: a mark, closing quotes, white space, and no lower-case letter after it ('z. B. so').
    r"""(?<=[.!?…؟।])["'”’»)\]]*[ \t]+(?=[^\sa-zà-öø-ÿ])"""
    # Chinese and Japanese put no white space after theirs.
    r"|(?<=[。！？｡])[」』”’）]*"
)
_ENDS_SENTENCE = re.compile(r"""[.!?…:;؟।。！？｡]["'”’»)\]」』）]*\s*$""")
_WORD_START = re.compile(r"(?<=\s)\S")


def chunk_text(
    text: str, token_spans: TokenSpans, *, max_tokens: int, overlap_tokens: int = OVERLAP_TOKENS
) -> list[Chunk]:
    """Chunks of at most `max_tokens` that together hold every character of `text` but white space, in order.

    `token_spans` gives the character spans (t, 2) of a text's tokens; it is called once, or never for a text too
    short to need it. Leave room in `max_tokens` for what is put before each chunk. Cuts fall before headings,
    else between paragraphs, list items, sentences, lines, words, tokens, as late as the limit allows; code fences
    are cut between lines only. A chunk repeats its predecessor's last sentence if that has no more than
    `overlap_tokens`, but never across a heading. A text without visible characters has no chunks. The work is
    linear in the text's length.
    """
    if len(text) * MAX_TOKENS_A_CHARACTER <= max_tokens:
        return _trimmed(text, [(0, len(text))])
    spans = token_spans(text)
    ruler = _Ruler(spans[:, 0], spans[:, 1], max_tokens, max_tokens * MAX_CHARACTERS_A_TOKEN)
    if ruler.fits(0, len(text)):
        return _trimmed(text, [(0, len(text))])
    boundaries = list(_refined(text, list(_structure(text)), ruler))
    return _trimmed(text, _packed(_Places.of(boundaries, ruler), ruler, overlap_tokens))


@dataclass(frozen=True, slots=True)
class _Ruler:
    """Measures stretches of the text against the limits of a chunk."""

    token_starts: NDArray[np.int32]
    token_ends: NDArray[np.int32]
    max_tokens: int
    max_characters: int

    def begun(self, positions: Sequence[int]) -> list[int]:
        """How many tokens begin before each position."""
        counts: list[int] = np.searchsorted(self.token_starts, positions).tolist()
        return counts

    def done(self, positions: Sequence[int]) -> list[int]:
        """How many tokens end at or before each position: fewer than have begun if it lies within one."""
        counts: list[int] = np.searchsorted(self.token_ends, positions, side="right").tolist()
        return counts

    def fits(self, start: int, end: int) -> bool:
        """Whether text[start:end] can be a chunk."""
        return not self.overfull([start, end])[0]

    def overfull(self, positions: Sequence[int]) -> list[bool]:
        """For each stretch between two neighbouring positions, whether it exceeds a chunk."""
        begun, done = self.begun(positions), self.done(positions)
        return [
            begun[number + 1] - done[number] > self.max_tokens or end - start > self.max_characters
            for number, (start, end) in enumerate(pairwise(positions))
        ]


def _structure(text: str) -> Iterator[_Boundary]:
    """The places where the text's own structure allows a cut, in order, from 0 to its end."""
    fence = ""
    cut = _Cut.HEADING
    sticky = False
    position = 0
    for line in text.splitlines(keepends=True):
        start, position = position, position + len(line)
        if line.isspace():
            # The line after a heading stays with it, whether or not a blank one is between them.
            cut = cut if sticky else max(cut, _Cut.SENTENCE if fence else _Cut.PARAGRAPH)
            continue
        mark = _FENCE.match(line)
        if fence:
            yield start, cut
            closed = mark is not None and mark[1].startswith(fence)
            fence, cut = ("", _Cut.PARAGRAPH) if closed else (fence, _Cut.LINE)
            continue
        if _HEADING.match(line):
            yield start, max(cut, _Cut.HEADING)
            cut, sticky = _Cut.CHARACTER, True
            continue
        if not sticky:
            yield start, max(cut, _line_cut(line) if mark is None else _Cut.PARAGRAPH)
        sticky = False
        if mark is not None:
            fence, cut = mark[1], _Cut.LINE
            continue
        yield from ((start + found.end(), _Cut.SENTENCE) for found in _sentence_ends(line))
        cut = _Cut.SENTENCE if _ENDS_SENTENCE.search(line[-8:]) else _Cut.LINE
    yield len(text), _Cut.HEADING


def _line_cut(line: str) -> _Cut:
    return _Cut.ITEM if _LIST_ITEM.match(line) else _Cut.LINE


def _sentence_ends(line: str) -> Iterator[re.Match[str]]:
    """The ends of the line's sentences but the last one's, which is the end of the line."""
    length = len(line.rstrip())
    return (found for found in _SENTENCE_END.finditer(line) if found.end() < length)


def _refined(text: str, boundaries: list[_Boundary], ruler: _Ruler) -> Iterator[_Boundary]:
    """The boundaries, with finer ones inside each stretch that alone would exceed a chunk."""
    positions = [position for position, _ in boundaries]
    for number, overfull in enumerate(ruler.overfull(positions)):
        yield boundaries[number]
        if overfull:
            yield from _words(text, positions[number], positions[number + 1], ruler)
    yield boundaries[-1]


def _words(text: str, start: int, end: int, ruler: _Ruler) -> Iterator[_Boundary]:
    words = [start, *(found.start() for found in _WORD_START.finditer(text, start + 1, end)), end]
    for number, overfull in enumerate(ruler.overfull(words)):
        if words[number] > start:
            yield words[number], _Cut.WORD
        if overfull:
            yield from _tokens(words[number], words[number + 1], ruler)


def _tokens(start: int, end: int, ruler: _Ruler) -> Iterator[_Boundary]:
    first, last = ruler.begun([start + 1, end])
    inside: list[int] = ruler.token_starts[first:last].tolist()
    for token, following in pairwise([start, *inside, end]):
        if token > start:
            yield token, _Cut.TOKEN
        for position in range(token + ruler.max_characters, following, ruler.max_characters):
            yield position, _Cut.CHARACTER


@dataclass(frozen=True, slots=True)
class _Places:
    """The boundaries in columns, with the tokens that have begun before and are done by each."""

    positions: list[int]
    cuts: list[_Cut]
    begun: list[int]
    done: list[int]

    @classmethod
    def of(cls, boundaries: list[_Boundary], ruler: _Ruler) -> _Places:
        positions = [position for position, _ in boundaries]
        cuts = [cut for _, cut in boundaries]
        return cls(positions, cuts, ruler.begun(positions), ruler.done(positions))


def _packed(places: _Places, ruler: _Ruler, overlap_tokens: int) -> Iterator[tuple[int, int]]:
    """Stretches that each end at the best boundary in the second half of what would fit."""
    positions, cuts, begun = places.positions, places.cuts, places.begun
    start, reached, last = 0, 0, len(positions) - 1
    while True:
        end = min(
            bisect_right(begun, places.done[start] + ruler.max_tokens, lo=start + 1),
            bisect_right(positions, positions[start] + ruler.max_characters, lo=start + 1),
        )
        furthest = max(end - 1, start + 1)
        if furthest >= last:
            yield positions[start], positions[last]
            return
        half = bisect_left(begun, places.done[start] + ruler.max_tokens // 2, lo=start + 1, hi=furthest)
        # Beyond the last chunk's end, for what overlaps it must add something.
        half = max(half, reached + 1)
        reached = max(range(half, furthest + 1), key=lambda number: (cuts[number], number))
        yield positions[start], positions[reached]
        start = _overlap_start(places, (start, reached), ruler, overlap_tokens)


def _overlap_start(places: _Places, chunk: tuple[int, int], ruler: _Ruler, overlap_tokens: int) -> int:
    """Where the chunk after `chunk` begins: at its last sentence, if that is short and leaves room for more."""
    start, end = chunk
    if places.cuts[end] is _Cut.HEADING:
        return end
    for number in range(end - 1, start, -1):
        if places.begun[end] - places.done[number] > overlap_tokens:
            return end
        if places.cuts[number] >= _Cut.SENTENCE:
            leaves_something = places.begun[number] > places.done[start]
            gains_something = ruler.fits(places.positions[number], places.positions[end + 1])
            return number if leaves_something and gains_something else end
    return end


def _trimmed(text: str, stretches: Iterable[tuple[int, int]]) -> list[Chunk]:
    """The stretches as chunks without white space at their ends; those that then add nothing are left out."""
    chunks: list[Chunk] = []
    reached = 0
    for start, end in stretches:
        content = text[start:end]
        lead = len(content) - len(content.lstrip())
        last = start + len(content.rstrip())
        if lead < len(content) and last > reached:
            chunks.append(Chunk(len(chunks), start + lead, last))
            reached = last
    return chunks
