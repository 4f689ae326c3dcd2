"""A text's sentences, each with its place; code is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# A sentence longer than this is a list or a table without stops: it is read in pieces.
SENTENCE_CHARS: Final = 1_000
_FENCE: Final = re.compile(
    r"^ {0,3}(?P<mark>`{3,}|~{3,})[^\n`]*\n.*?(?:^ {0,3}(?P=mark)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
# 'Dr.' and an initial end no sentence.
SHORT: Final = re.compile(r"(?<!\w)(?:[A-Z]|Dr|Prof|Mr|Mrs|Ms|St|Hr|Fr|Nr|No|vs|etc|e\.g|i\.e|z\.B)$")
_ENDS: Final = re.compile(r"[.!?…。！？]+[\"'”’)\]]*(?:\s+|(?<=[。！？]))|\n+")


def code_spans(text: str) -> list[tuple[int, int]]:
    """Where code blocks between fences stand."""
    return [found.span() for found in _FENCE.finditer(text)]


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """(place, sentence) for each sentence outside code blocks, without the blanks around it."""
    prose = _FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    begin = 0
    for end in _sentence_ends(prose):
        yield from _pieces(prose, begin, end)
        begin = end


def _sentence_ends(prose: str) -> Iterator[int]:
    for found in _ENDS.finditer(prose):
        if not SHORT.search(prose, max(0, found.start() - 12), found.start()):
            yield found.end()
    yield len(prose)


def _pieces(prose: str, begin: int, end: int) -> Iterator[tuple[int, str]]:
    while begin < end:
        cut = end if end - begin <= SENTENCE_CHARS else _cut(prose, begin)
        piece = prose[begin:cut]
        if words := piece.strip():
            yield begin + piece.index(words), words
        begin = cut


def _cut(prose: str, begin: int) -> int:
    """Behind the last blank of a piece."""
    found = prose.rfind(" ", begin + 1, begin + SENTENCE_CHARS)
    return found + 1 if found > 0 else begin + SENTENCE_CHARS
