"""The memory map: a page with a canvas and a list, and what the canvas asks for."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import needs, owner_of
from enrichment import topic_selectors as selectors
from enrichment.services.regrouping import LEAST_MEMORIES
from memories.filters import MemoryFilter
from memories.models import Memory
from memories.selectors import memories_by_id
from memories.views.cards import title_of
from memshadow.lib.errors import ValidationFailed

PAGE: Final = 5_000
SELECTED_MAX: Final = 500
_TITLES_MAX: Final = 50
_NOWHERE: Final = UUID(int=0)
# Spots are sent as whole numbers of so many steps to an axis.
_STEPS: Final = 10_000


@needs("memories:read")
@require_GET
def memory_map(request: HttpRequest) -> HttpResponse:
    """Every memory as a point; without a script, the topics with their sizes, each with its page."""
    owner = owner_of(request)
    rows = selectors.counted_topics(owner)
    topics = [
        {"id": row.topic.id, "label": row.topic.label, "memories": row.memories, "url": _topic_url(row.topic.id)}
        for row in rows
    ]
    context = {
        "topics": topics,
        "placed": selectors.placed_count(owner),
        "run": selectors.run_of(owner),
        "least": LEAST_MEMORIES,
        "selected_max": SELECTED_MAX,
        "memory_url": reverse("memories:detail", args=[_NOWHERE]),
        "bulk_url": request.path,
        "filters": MemoryFilter(),
    }
    return render(request, "enrichment/map.html", context)


@needs("memories:read")
@require_GET
def map_points(request: HttpRequest) -> HttpResponse:
    """A page of points: ids as one run of hexadecimal digits, and x, y and the topic of each in one list."""
    after = request.GET.get("after")
    rows = selectors.spots_of(owner_of(request), after=_uuid(after) if after else None, limit=PAGE)
    flat: list[int | str | None] = []
    for _, x, y, topic in rows:
        flat += [round(x * _STEPS), round(y * _STEPS), topic.hex if topic else None]
    following = str(rows[-1][0]) if len(rows) == PAGE else None
    return JsonResponse({"ids": "".join(row[0].hex for row in rows), "points": flat, "after": following})


@needs("memories:read")
@require_GET
def map_titles(request: HttpRequest) -> HttpResponse:
    """What some memories are called, and when they happened: for the points that somebody looks at."""
    ids = [_uuid(value) for value in request.GET.get("ids", "").split(",")[:_TITLES_MAX] if value]
    rows = memories_by_id(owner_of(request), ids)
    return JsonResponse({"titles": {key.hex: _title(row) for key, row in rows.items()}})


def _title(row: Memory) -> dict[str, str]:
    return {"title": title_of(row) or "Sealed", "at": f"{row.occurred_at:%-d %b %Y}"}


def _topic_url(topic_id: UUID) -> str:
    return reverse("enrichment:topic", args=[topic_id])


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise ValidationFailed("That is not the id of a memory.", field="ids") from None
