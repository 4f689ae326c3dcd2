"""What was used of language models, and how much may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import needs, owner_of, signed_in
from accounts.views.confirming import confirmed_to_change
from memories.access import gateway_limit_or_404
from memories.forms import OwnLimitForm, PersonLimitForm
from memories.gateway import limits, usage
from memories.gateway.usage import DayOfModel
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError

DAYS = 30
_CALLS = 30
_NAMED = 3  # models with a colour of their own in the chart; the others share one
_WIDTH, _HEIGHT, _MARGIN = 600.0, 180.0, 8.0  # units of the chart's view box


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a day's bar, in the view box's units. `tone` numbers the colour, from 1."""

    tone: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Tokens by day, stacked by model. `names` are those of the colours, `most` the tokens of the highest bar."""

    bars: list[Bar]
    names: list[str]
    most: int
    first: date
    last: date


@needs("gateway")
@require_GET
def gateway_usage(request: HttpRequest) -> HttpResponse:
    """This month's total, tokens by model and day, and the last calls."""
    owner = owner_of(request)
    days, models = usage.days_for(owner, DAYS), usage.models_for(owner)
    page = usage.calls_page(owner, cursor=request.GET.get("cursor"), limit=_CALLS)
    here = reverse("memories:gateway_usage")
    context = {
        "month": usage.total(used for _, used in models),
        "month_begins": usage.this_month(),
        "models": models,
        "days": days,
        "chart": chart_of(days, usage.today().date()),
        "calls": usage.shown(owner, page.items),
        "older_url": f"{here}?cursor={page.next_cursor}" if page.next_cursor else "",
        "newer_url": here if request.GET.get("cursor") else "",
    }
    return render(request, "memories/gateway_usage.html", context)


@needs("account")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def gateway_limits(request: HttpRequest) -> HttpResponse:
    """The limits that apply, and a form that sets one."""
    person = signed_in(request)
    form = OwnLimitForm(request.POST or None, owner=person)
    if request.method == "POST" and form.is_valid():
        try:
            limits.set_limit(owner=person, **form.cleaned_data)
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "The limit is set.")
            return redirect("memories:gateway_limits")
    context: dict[str, Any] = {"limits": limits.limits_for(person), "form": form}
    return render(request, "memories/gateway_limits.html", context)


@needs("account")
@require_POST
@confirmed_to_change
def gateway_limit_remove(request: HttpRequest, limit_id: UUID) -> HttpResponse:
    """Lift a limit that one set oneself."""
    row = gateway_limit_or_404(signed_in(request), limit_id)
    page = ask_first(
        request,
        question="Lift this limit?",
        text="What it limited may then be used without end.",
        yes="Lift it",
        back_url=reverse("memories:gateway_limits"),
    )
    if page is not None:
        return page
    limits.remove_limit(limit=row)
    messages.success(request, "The limit is lifted.")
    return redirect("memories:gateway_limits")


@needs("server")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def gateway_people(request: HttpRequest) -> HttpResponse:
    """Limits for the people of this server, by who manages it."""
    form = PersonLimitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            limits.set_limit_of_person(by=signed_in(request), **form.cleaned_data)
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("memories:gateway_people")
    return render(request, "memories/gateway_people.html", {"limits": limits.limits_of_people(), "form": form})


def chart_of(days: Sequence[DayOfModel], last: date) -> Chart:
    """A bar a day, of the last DAYS days; the models with most tokens have colours of their own."""
    by_model: dict[str, int] = defaultdict(int)
    by_day: dict[date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in days:
        by_model[one.model] += one.used.tokens
    named = sorted(by_model, key=lambda name: (-by_model[name], name))[:_NAMED]
    for one in days:
        by_day[one.day][named.index(one.model) + 1 if one.model in named else _NAMED + 1] += one.used.tokens
    most = max((sum(parts.values()) for parts in by_day.values()), default=0)
    first = last - timedelta(days=DAYS - 1)
    bars = [bar for day, parts in by_day.items() for bar in _stacked((day - first).days, parts, max(1, most))]
    names = [name or "no name" for name in named] + (["others"] if len(by_model) > _NAMED else [])
    return Chart(bars, names, most, first, last)


def _stacked(place: int, parts: dict[int, int], most: int) -> list[Bar]:
    step, y, bars = (_WIDTH - 2 * _MARGIN) / DAYS, _HEIGHT - _MARGIN, []
    for tone, tokens in sorted(parts.items()):
        height = tokens / most * (_HEIGHT - 2 * _MARGIN)
        y -= height
        bars.append(Bar(tone, round(_MARGIN + place * step + 1, 1), round(y, 2), round(step - 2, 1), round(height, 2)))
    return bars
