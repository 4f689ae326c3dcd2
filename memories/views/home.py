"""The first page: the capture box, what came in last, and the first steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import needs, owner_of, signed_in
from accounts.intrusion.telling import notices_for
from accounts.models import User
from memories.drafts import MemoryDraft
from memories.filters import MemoryFilter
from memories.forms import CaptureForm, split_tags
from memories.models import Memory
from memories.selectors import memory_page, stats_for
from memories.services.capture import Captured, capture_memory
from memories.services.sealing import without_vectors
from memories.views.cards import cards_of
from memories.views.toasts import toast_oob
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError
from memshadow.lib.htmx import wants_partial

_RECENT = 8


@needs("memories:read")
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Capture, first steps, numbers and recent memories."""
    owner = owner_of(request)
    stats = stats_for(owner)
    week = Memory.objects.filter(owner=owner, created_at__gte=now() - timedelta(days=7)).count()
    context = {
        "capture_form": CaptureForm(owner=owner),
        "recent": _recent(owner),
        "stats": {
            "memories": stats.memories,
            "conversations": stats.conversations,
            "sources": len(stats.by_source),
            "this_week": week,
        },
        "pending": stats.pending,
        "checklist": _checklist(owner, stats.by_source) if owner == signed_in(request) else [],
        "notices": notices_for(signed_in(request)),
        "sealed_lacking": without_vectors(owner).count(),
    }
    return render(request, "memories/home.html", context)


@needs("memories:write")
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """The capture box's target, and a page of its own with every field."""
    owner = owner_of(request)
    form = CaptureForm(request.POST or None, owner=owner)
    captured = _capture(owner, form) if request.method == "POST" else None
    if captured is not None:
        return _captured(request, owner, captured)
    if wants_partial(request):
        return render(request, "memories/_capture.html", {"capture_form": form})
    return render(request, "memories/edit.html", {"form": form, "memory": None})


def _capture(owner: User, form: CaptureForm) -> Captured | None:
    if not form.is_valid():
        return None
    data = form.cleaned_data
    draft = MemoryDraft(
        content=data["content"],
        tags=split_tags(data["tags"]),
        persona_id=data.get("persona"),
        source="dashboard",
    )
    try:
        return capture_memory(owner=owner, draft=draft)
    except MemshadowError as error:
        form.refuse(error)
        return None


def _captured(request: HttpRequest, owner: User, captured: Captured) -> HttpResponse:
    text = "Saved." if captured.created else "You have this memory already; it was seen again."
    if not wants_partial(request):
        messages.success(request, text)
        return redirect("memories:detail", captured.memory.id)
    context: dict[str, Any] = {
        "capture_form": CaptureForm(owner=owner),
        "recent": _recent(owner),
        "oob": True,
    }
    box = render(request, "memories/_capture.html", context)
    box.content += render(request, "memories/_recent.html", context).content
    url = reverse("memories:detail", args=[captured.memory.id])
    return toast_oob(request, box, text, link_url=url, link_label="Open")


def _recent(owner: User) -> list[Any]:
    return cards_of(memory_page(owner, MemoryFilter(), limit=_RECENT, by="created_at").items)


def _checklist(owner: User, by_source: dict[str, int]) -> list[dict[str, Any]]:
    steps = [
        (
            any(source.startswith("import:") for source in by_source),
            "Import a chat history",
            "Years of ChatGPT, Claude or Gemini in a few minutes.",
            reverse("memories:imports"),
            "Import",
        ),
        (
            "dashboard" in by_source,
            "Write a note",
            "Anything that you want to find again.",
            reverse("memories:create"),
            "Write",
        ),
        (
            owner.api_keys.exists(),
            "Connect a program",
            "Make an API key for the API, an agent or the browser extension.",
            reverse("accounts:api_keys"),
            "Make a key",
        ),
    ]
    if all(step[0] for step in steps):
        return []
    names = ("done", "title", "text", "url", "label")
    return [dict(zip(names, step, strict=True)) for step in steps]
