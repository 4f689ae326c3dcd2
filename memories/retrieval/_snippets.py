"""Snippets: the part of a memory that answers, cut from the decrypted text, with the question's words marked."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from memories.lexicon import lexemes
from memories.models import Memory

SNIPPET_CHARS = 280
_LOOK_BACK = 60


@dataclass(frozen=True, slots=True)
class Snippet:
    """`text` is memory.content[start:end]; `marks` are (start, end) within `text`."""

    text: str
    marks: list[tuple[int, int]]
    start: int
    end: int

    @property
    def html(self) -> SafeString:
        """The escaped text with <mark> around the question's words."""
        pieces, place = [], 0
        for start, end in self.marks:
            pieces += [escape(self.text[place:start]), "<mark>", escape(self.text[start:end]), "</mark>"]
            place = end
        pieces.append(escape(self.text[place:]))
        return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped above


def snippet_of(memory: Memory, start: int, end: int, terms: frozenset[str]) -> Snippet:
    """The densest stretch of the chunk `start:end`, or its beginning when no word of the question is in it."""
    chunk = memory.content[start:end]
    marks = [(x.start, x.end) for x in lexemes(chunk, memory.language) if x.term in terms]
    cut_from = _cut_from(chunk, _densest(marks))
    cut_to = min(len(chunk), cut_from + SNIPPET_CHARS)
    inside = _merged([(a - cut_from, b - cut_from) for a, b in marks if a >= cut_from and b <= cut_to])
    return Snippet(chunk[cut_from:cut_to], inside, start + cut_from, start + cut_to)


def _cut_from(chunk: str, densest: int) -> int:
    """The beginning when it is near or all fits, else a word a little before the densest stretch."""
    if densest <= _LOOK_BACK or len(chunk) <= SNIPPET_CHARS:
        return 0
    return _word_start(chunk, densest - _LOOK_BACK)


def _densest(marks: list[tuple[int, int]]) -> int:
    """Where a window of SNIPPET_CHARS that holds the most marks begins."""
    best, best_count, last = 0, 0, 0
    for first, (start, _) in enumerate(marks):
        while last < len(marks) and marks[last][1] <= start + SNIPPET_CHARS - _LOOK_BACK:
            last += 1
        if last - first > best_count:
            best, best_count = start, last - first
    return best


def _word_start(text: str, place: int) -> int:
    space = text.find(" ", place, place + 30)
    return space + 1 if space >= 0 else place


def _merged(marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without overlaps: a word and the parts of it are marked once."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(marks):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
