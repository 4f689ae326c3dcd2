"""Action items: the list, and saying that one is done, open again, or none."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_GET, require_POST

from accounts.access import needs, owner_of
from enrichment.access import point_or_404
from enrichment.models import Point
from enrichment.services.recording_points import mark_point
from enrichment.summary_selectors import action_items, shown_points
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError

_PAGE = 50
_SAID = {Point.State.DONE: "Done.", Point.State.OPEN: "Open again.", Point.State.DISMISSED: "It is not shown any more."}


@needs("memories:read")
@require_GET
def action_items_page(request: HttpRequest) -> HttpResponse:
    """What somebody has to do, by state, the most urgent first."""
    owner = owner_of(request)
    state = request.GET.get("state", Point.State.OPEN)
    state = state if state in Point.State.values else Point.State.OPEN
    number = min(int(request.GET.get("page", "0")[:6]), 10_000) if request.GET.get("page", "").isdecimal() else 0
    rows = list(action_items(owner, state=state)[number * _PAGE : (number + 1) * _PAGE + 1])
    context = {
        "points": shown_points(owner, rows[:_PAGE]),
        "state": state,
        "states": [(value, label, _page_url(request, value, 0)) for value, label in Point.State.choices],
        "today": now().date(),
        "here": request.get_full_path(),
        "newer_url": _page_url(request, state, number - 1) if number else "",
        "older_url": _page_url(request, state, number + 1) if len(rows) > _PAGE else "",
    }
    return render(request, "enrichment/action_items.html", context)


@needs("memories:write")
@require_POST
def mark(request: HttpRequest, point_id: UUID) -> HttpResponse:
    """Set the state of a decision or action item."""
    owner = owner_of(request)
    row = point_or_404(owner, point_id)
    try:
        mark_point(owner=owner, point=row, state=request.POST.get("state", ""))
        messages.success(request, _SAID[Point.State(row.state)])
    except MemshadowError as error:
        messages.error(request, error.message)
    back = request.POST.get("back", "")
    ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if ours else reverse("memories:detail", args=[row.memory_id]))


def _page_url(request: HttpRequest, state: str, number: int) -> str:
    return f"{request.path}?{urlencode({'state': state} | ({'page': number} if number else {}))}"
