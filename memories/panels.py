"""What other apps show on a memory's page and a conversation's: panels, words that lead somewhere, and gists in lists.

Apps above this one register here, because memories know nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.models import User
from memories.models import Conversation, Memory

Place = Literal["beside", "under"]
Panel = Callable[[HttpRequest, User, Memory], SafeString]
Marks = Callable[[User, Memory], dict[str, str]]
ConversationPanel = Callable[[HttpRequest, User, Conversation], SafeString]
Gists = Callable[[Sequence[Memory]], dict[UUID, str]]
ConversationGists = Callable[[User, Sequence[UUID]], dict[UUID, str]]

_panels: dict[str, tuple[Place, Panel]] = {}
_marks: dict[str, Marks] = {}
_conversation_panels: dict[str, ConversationPanel] = {}
_gists: dict[str, Any] = {}


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


def add_conversation_panel(name: str, panel: ConversationPanel) -> None:
    """Show what `panel` renders above a conversation's turns, empty for nothing."""
    _conversation_panels[name] = panel


def conversation_panels(request: HttpRequest, owner: User, conversation: Conversation) -> list[SafeString]:
    """What other apps know of a conversation, rendered."""
    found = (panel(request, owner, conversation) for panel in _conversation_panels.values())
    return [html for html in found if html]


def use_gists(*, memories: Gists, conversations: ConversationGists) -> None:
    """Say in short what long memories and conversations are about, where lists have no room for all of it."""
    _gists["memories"], _gists["conversations"] = memories, conversations


def gists_of(memories: Sequence[Memory]) -> dict[UUID, str]:
    """In short what these memories say, of those of which somebody knows it."""
    found: dict[UUID, str] = _gists["memories"](memories) if "memories" in _gists else {}
    return found


def conversation_gists_of(owner: User, conversation_ids: Sequence[UUID]) -> dict[UUID, str]:
    """In short what these conversations are about, of those of which somebody knows it."""
    found: dict[UUID, str] = _gists["conversations"](owner, conversation_ids) if "conversations" in _gists else {}
    return found
