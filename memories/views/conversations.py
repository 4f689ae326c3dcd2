"""Conversations: the list, and one of them turn by turn."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import needs, owner_of
from accounts.models import User
from memories.access import conversation_or_404
from memories.models import Conversation, Memory
from memories.panels import conversation_gists_of, conversation_panels
from memories.rendering import source_label
from memories.selectors import conversation_page, conversation_sources, conversations_titled, turns_of
from memories.views.filtering import page_url
from memshadow.lib.htmx import render_page

_PAGE = 40
_TURNS = 60


@needs("memories:read")
@require_GET
def conversations(request: HttpRequest) -> HttpResponse:
    """Every conversation, newest first, narrowed by words of its title and by source."""
    owner = owner_of(request)
    words, source = request.GET.get("q", "").strip(), request.GET.get("source", "")
    newer = older = None
    if words:
        rows = conversations_titled(owner, words, source=source, limit=_PAGE * 5)
    else:
        page = conversation_page(owner, source=source, cursor=request.GET.get("cursor"), limit=_PAGE)
        rows, newer, older = page.items, page.previous_cursor, page.next_cursor
    gists = conversation_gists_of(owner, [row.id for row in rows])
    context = {
        "conversations": [_shown(row) | {"gist": gists.get(row.id, "")} for row in rows],
        "q": words,
        "source": source,
        "sources": [(name, source_label(name)) for name in conversation_sources(owner)],
        "newer_url": page_url(request, newer),
        "older_url": page_url(request, older),
        "any": bool(words or source),
    }
    return render_page(request, "memories/conversations.html", "memories/_conversation_list.html", context)


@needs("memories:read")
@require_GET
def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """The turns in order, a page at a time; `at` opens the page on which a memory stands."""
    owner = owner_of(request)
    row = conversation_or_404(owner, conversation_id)
    turns = turns_of(owner, row)
    count = turns.count()
    number = _page_number(request, owner, row, count)
    shown = turns[number * _TURNS : (number + 1) * _TURNS]
    row.turn_count = count  # type: ignore[attr-defined]
    context = {
        "conversation": _shown(row),
        "turns": [_turn(memory) for memory in shown],
        "panels": conversation_panels(request, owner, row),
        "earlier_url": f"{request.path}?page={number - 1}" if number else "",
        "later_url": f"{request.path}?page={number + 1}" if (number + 1) * _TURNS < count else "",
    }
    return render(request, "memories/conversation.html", context)


def _page_number(request: HttpRequest, owner: User, row: Conversation, count: int) -> int:
    last = max(0, (count - 1) // _TURNS)
    page = request.GET.get("page", "")
    if page.isdecimal():
        return min(int(page[:9]), last)
    at = request.GET.get("at", "")
    ids = [str(memory_id) for memory_id in turns_of(owner, row).values_list("id", flat=True)] if at else []
    return ids.index(at) // _TURNS if at in ids else 0


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": reverse("memories:conversation", args=[row.id]),
        "title": row.title,
        "source_label": source_label(row.source),
        "model": row.model,
        "turns_count": row.turn_count,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "persona": row.persona.name if row.persona else "",
        "external_id": row.external_id,
    }


def _turn(memory: Memory) -> dict[str, Any]:
    return {
        "memory": memory,
        "role": memory.role or "note",
        "author": memory.author,
        "at": memory.occurred_at,
        "url": reverse("memories:detail", args=[memory.id]),
    }
