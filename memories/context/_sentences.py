"""Cutting a memory to size: whole neighbouring sentences, from the one that answers, and never within one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import regex

GAP: Final = "[…]"
_END: Final = regex.compile(r"""(?<=[.!?…؟।])["'”’»)\]]*\s+(?=[^\sa-zà-öø-ÿ])|(?<=[。！？｡])[」』”’）]*\s*|\n+""")
_AROUND_CHARS: Final = 20_000  # of a long text only so much on either side is looked at


def sentences(text: str) -> list[str]:
    """The text's sentences and lines in order, each with the white space after it; joined they are the text."""
    pieces, place = list[str](), 0
    for match in _END.finditer(text):
        if match.end() > place:
            pieces.append(text[place : match.end()])
            place = match.end()
    return [*pieces, text[place:]] if place < len(text) else pieces


def fitting(text: str, budget: int, count: Callable[[str], int], *, around: int = 0) -> str:
    """Sentences of at most `budget` tokens: the one at the character `around`, then its neighbours; '' if none fits.

    What is left out at either end is marked.
    """
    start = max(0, around - _AROUND_CHARS)
    parts = sentences(text[start : around + _AROUND_CHARS])
    if not parts:
        return ""
    if start:
        parts[0] = GAP  # it begins within a sentence
    if around + _AROUND_CHARS < len(text):
        parts[-1] = GAP
    first = last = _at(parts, around - start)
    left = budget - 2 * count(f" {GAP} ") - count(parts[first])
    if left < 0:
        return ""
    growing = True
    while growing:
        growing = False
        for number in (last + 1, first - 1):
            if 0 <= number < len(parts) and (cost := count(parts[number])) <= left:
                first, last, left, growing = min(first, number), max(last, number), left - cost, True
                break
    return _shown(parts, first, last)


def _at(parts: Sequence[str], place: int) -> int:
    """The number of the sentence that holds the character."""
    end = 0
    for number, part in enumerate(parts):
        end += len(part)
        if place < end:
            return number
    return len(parts) - 1


def _shown(parts: Sequence[str], first: int, last: int) -> str:
    text = "".join(parts[first : last + 1]).strip()
    before = f"{GAP} " if first > 0 else ""
    after = f" {GAP}" if last < len(parts) - 1 else ""
    return f"{before}{text}{after}"
