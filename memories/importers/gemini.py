"""Gemini as Google exports it: My Activity in JSON or HTML, Workspace conversations and AI Studio prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from memories.importers import _gemini_activity, _gemini_html, _gemini_sessions
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers.items import Item

Shape = tuple[Callable[[Source], bool], Callable[[Source, Run], Iterator[Item]]]
SHAPES: tuple[Shape, ...] = (
    (_gemini_activity.recognises, _gemini_activity.read),
    (_gemini_html.recognises, _gemini_html.read),
    (_gemini_sessions.recognises, _gemini_sessions.read),
)


def recognises(source: Source) -> bool:
    """Any of the shapes. Activity of other products counts too: its entries are left out, counted."""
    return any(matches(source) for matches, _ in SHAPES)


def read(source: Source, run: Run) -> Iterator[Item]:
    """By the shape that fits."""
    for matches, reader in SHAPES:
        if matches(source):
            yield from reader(source, run)
            return
