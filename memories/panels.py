"""What other apps show on a memory's page: panels beside its text or under it, and words of it that lead somewhere.

Apps above this one register here, because memories know nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.models import User
from memories.models import Memory

Place = Literal["beside", "under"]
Panel = Callable[[HttpRequest, User, Memory], SafeString]
Marks = Callable[[User, Memory], dict[str, str]]

_panels: dict[str, tuple[Place, Panel]] = {}
_marks: dict[str, Marks] = {}


def add_panel(name: str, place: Place, panel: Panel) -> None:
    """Show what `panel` renders, empty for nothing; in the order in which they were added, once for each name."""
    _panels[name] = (place, panel)


def add_marks(name: str, marks: Marks) -> None:
    """Let words of a memory's text, as `marks` gives them, lead to addresses."""
    _marks[name] = marks


def parts_of(request: HttpRequest, owner: User, memory: Memory) -> dict[str, Any]:
    """`panels`, rendered, by place, and `marks`: words of the text and where each leads."""
    panels: dict[Place, list[SafeString]] = {"beside": [], "under": []}
    for place, panel in _panels.values():
        if html := panel(request, owner, memory):
            panels[place].append(html)
    marks = {words: address for found in _marks.values() for words, address in found(owner, memory).items()}
    return {"panels": panels, "marks": marks}
