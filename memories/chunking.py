"""Cuts a text into overlapping chunks that fit an embedding model, at the best boundaries it offers."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
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
    starts = token_spans(text)[:, 0]
    max_characters = max_tokens * MAX_CHARACTERS_A_TOKEN
    if len(starts) <= max_tokens and len(text) <= max_characters:
        return _trimmed(text, [(0, len(text))])
    ruler = _Ruler(starts, max_tokens, max_characters)
    boundaries = list(_refined(text, list(_structure(text)), ruler))
    return _trimmed(text, _packed(boundaries, ruler, overlap_tokens))


@dataclass(frozen=True, slots=True)
class _Ruler:
    """Measures stretches of the text against the limits of a chunk."""

    token_starts: NDArray[np.int32]
    max_tokens: int
    max_characters: int

    def tokens_before(self, positions: Sequence[int]) -> list[int]:
        counts: list[int] = np.searchsorted(self.token_starts, positions).tolist()
        return counts

    def fits(self, start: int, end: int) -> bool:
        before, after = self.tokens_before([start, end])
        return after - before <= self.max_tokens and end - start <= self.max_characters


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
    tokens = ruler.tokens_before(positions)
    for number, (start, end) in enumerate(pairwise(positions)):
        yield boundaries[number]
        if tokens[number + 1] - tokens[number] > ruler.max_tokens or end - start > ruler.max_characters:
            yield from _words(text, start, end, ruler)
    yield boundaries[-1]


def _words(text: str, start: int, end: int, ruler: _Ruler) -> Iterator[_Boundary]:
    words = [start, *(found.start() for found in _WORD_START.finditer(text, start + 1, end)), end]
    tokens = ruler.tokens_before(words)
    for number, (word, following) in enumerate(pairwise(words)):
        if word > start:
            yield word, _Cut.WORD
        too_many = tokens[number + 1] - tokens[number] > ruler.max_tokens
        if too_many or following - word > ruler.max_characters:
            yield from _tokens(word, following, ruler)


def _tokens(start: int, end: int, ruler: _Ruler) -> Iterator[_Boundary]:
    first, last = ruler.tokens_before([start + 1, end])
    inside: list[int] = ruler.token_starts[first:last].tolist()
    for token, following in pairwise([start, *inside, end]):
        if token > start:
            yield token, _Cut.TOKEN
        for position in range(token + ruler.max_characters, following, ruler.max_characters):
            yield position, _Cut.CHARACTER


def _packed(boundaries: list[_Boundary], ruler: _Ruler, overlap_tokens: int) -> Iterator[tuple[int, int]]:
    """Stretches that each end at the best boundary in the second half of what would fit."""
    positions = [position for position, _ in boundaries]
    cuts = [cut for _, cut in boundaries]
    tokens = ruler.tokens_before(positions)
    start, last = 0, len(positions) - 1
    while True:
        end = min(
            bisect_right(tokens, tokens[start] + ruler.max_tokens, lo=start + 1),
            bisect_right(positions, positions[start] + ruler.max_characters, lo=start + 1),
        )
        furthest = max(end - 1, start + 1)
        if furthest >= last:
            yield positions[start], positions[last]
            return
        half = bisect_left(tokens, tokens[start] + ruler.max_tokens // 2, lo=start + 1, hi=furthest)
        best = max(range(half, furthest + 1), key=lambda number: (cuts[number], number))
        yield positions[start], positions[best]
        start = _overlap_start(positions, cuts, tokens, (start, best), ruler, overlap_tokens)


def _overlap_start(
    positions: list[int],
    cuts: list[_Cut],
    tokens: list[int],
    chunk: tuple[int, int],
    ruler: _Ruler,
    overlap_tokens: int,
) -> int:
    """Where the chunk after `chunk` begins: at its last sentence, if that is short and leaves room for more."""
    start, end = chunk
    if cuts[end] is _Cut.HEADING:
        return end
    for number in range(end - 1, start, -1):
        if tokens[end] - tokens[number] > overlap_tokens:
            return end
        if cuts[number] >= _Cut.SENTENCE:
            return number if ruler.fits(positions[number], positions[end + 1]) else end
    return end


def _trimmed(text: str, stretches: Iterator[tuple[int, int]] | list[tuple[int, int]]) -> list[Chunk]:
    """The stretches as chunks without white space at their ends; those of nothing else are left out."""
    chunks: list[Chunk] = []
    for start, end in stretches:
        content = text[start:end]
        lead = len(content) - len(content.lstrip())
        if lead < len(content):
            chunks.append(Chunk(len(chunks), start + lead, start + len(content.rstrip())))
    return chunks
