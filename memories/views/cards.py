"""What a memory looks like in a list: plain values, shared by full pages and their partials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from memories.models import Memory
from memories.panels import gists_of
from memories.rendering import plain_title, preview, snippet_html, source_label, split_heading
from memories.retrieval import Hit
from memories.views.explaining import Why, why

_SNIPPET_CHARS = 240
_SCORE_BAR = 48


@dataclass(slots=True)
class Card:
    """One memory as a card shows it."""

    id: UUID
    kind: str
    role: str
    author: str
    source_label: str
    persona: str
    state: str
    pinned: bool
    when: datetime
    tags: list[str]
    title: str
    snippet: SafeString
    url: str
    conversation_url: str
    index_state: str
    score: float | None = None
    score_label: str = ""
    score_width: int = 0
    begins: str = ""  # a heading that this card and those after it stand under
    why: Why | None = None
    verdict: str = ""
    has_secret: bool = False
    is_suspicious: bool = False
    is_sealed: bool = False
    is_gist: bool = False  # the text is too long for a list: its own summary stands there


_SEALED_TEXT = "Sealed: open it with memcli."


def card_of(memory: Memory) -> Card:
    """The card of a memory; its tags, persona and conversation should be loaded."""
    heading, rest = split_heading(memory.content)
    return Card(
        id=memory.id,
        kind=memory.kind,
        role=memory.role,
        author=memory.author or (memory.get_role_display() if memory.role else ""),
        source_label=source_label(memory.source),
        persona=memory.persona.name if memory.persona else "",
        state=memory.state,
        pinned=memory.pinned,
        when=memory.occurred_at,
        tags=sorted(tag.name for tag in memory.tags.all()),
        title=str(memory.metadata.get("title", "")) or heading,
        snippet=_snippet(memory, rest),
        url=reverse("memories:detail", args=[memory.id]),
        conversation_url=conversation_url(memory),
        index_state=memory.index_state,
        has_secret=memory.has_secret,
        is_suspicious=memory.is_suspicious,
        is_sealed=memory.is_sealed,
    )


def _snippet(memory: Memory, text: str) -> SafeString:
    shown = _SEALED_TEXT if memory.is_sealed else preview(text, _SNIPPET_CHARS)
    return mark_safe(escape(shown))  # noqa: S308 - escaped


def conversation_url(memory: Memory) -> str:
    """Where the memory stands in its conversation, or an empty string."""
    if memory.conversation_id is None:
        return ""
    page = reverse("memories:conversation", args=[memory.conversation_id])
    return f"{page}?at={memory.id}#memory-{memory.id}"


def cards_of(memories: Iterable[Memory]) -> list[Card]:
    """Cards in the same order; of a text that is clipped its summary is shown, once there is one."""
    listed = list(memories)
    gists = gists_of([memory for memory in listed if len(memory.content) > _SNIPPET_CHARS])
    return [_in_short(card_of(memory), gists.get(memory.id, "")) for memory in listed]


def _in_short(card: Card, gist: str) -> Card:
    if gist:
        card.snippet, card.is_gist = mark_safe(escape(preview(gist, _SNIPPET_CHARS))), True  # noqa: S308 - escaped
    return card


def hit_card(hit: Hit) -> Card:
    """A search hit: the card with its snippet, score and, when asked for, the reasons."""
    card = card_of(hit.memory)
    if not hit.memory.is_sealed:
        # The snippet is what matched, the heading included where it did: it is not split from it.
        card.title, card.snippet = str(hit.memory.metadata.get("title", "")), snippet_html(hit.snippet.html)
    card.score = hit.score
    card.score_label = f"{hit.score:.0%}"
    card.score_width = round(hit.score * _SCORE_BAR)
    card.why = why(hit.explanation) if hit.explanation and hit.explanation.signals else None
    return card


def near_card(memory: Memory, cosine: float) -> Card:
    """A related memory with how near it is."""
    card = card_of(memory)
    card.score_label = f"{max(0.0, cosine):.0%} alike"
    return card


def title_of(memory: Memory) -> str:
    """A short name of a memory for headings and links."""
    return str(memory.metadata.get("title", "")) or plain_title(memory, 80)
