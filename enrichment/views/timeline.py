"""The timeline of weeks and days, and what personas and tags are about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from accounts.access import needs, owner_of
from accounts.models import User
from enrichment import timeline as selectors
from enrichment.models import Rollup
from enrichment.summary_selectors import Cited, cited_by, rollups

_PROJECTS = 200


@needs("memories:read")
@require_GET
def timeline(request: HttpRequest) -> HttpResponse:
    """Some weeks with their days, from a week back."""
    found = selectors.stretch(owner_of(request), until=_day(request.GET.get("until", "")))
    context = {
        "weeks": [_week(week) for week in found.weeks],
        "newer_url": _url(request, found.newer),
        "older_url": _url(request, found.older),
    }
    return render(request, "enrichment/timeline.html", context)


@needs("memories:read")
@require_GET
def projects(request: HttpRequest) -> HttpResponse:
    """What each persona and tag is about, those with the most memories first."""
    owner = owner_of(request)
    rows = rollups(owner).filter(kind__in=[Rollup.Kind.PERSONA, Rollup.Kind.TAG]).order_by("-memory_count", "key")
    listed = list(rows[:_PROJECTS])
    cited = cited_by(owner, [row.id for row in listed])
    found = [_project(row, cited.get(row.id, [])) for row in listed]
    return render(request, "enrichment/projects.html", {"projects": found})


def _project(row: Rollup, cited: list[Cited]) -> dict[str, Any]:
    library, of = reverse("memories:library"), {"persona": str(row.persona_id)}
    name = row.persona.name if row.persona else ""
    if row.tag:
        name, of = row.tag.name, {"tag": row.tag.name}
    return {
        "name": name,
        "kind": row.kind,
        "count": row.memory_count,
        "url": f"{library}?{urlencode(of)}",
        "sentences": [_sentence(one) for one in cited],
    }


def _week(week: selectors.Week) -> dict[str, Any]:
    return {
        "starts_on": week.starts_on,
        "ends_on": week.ends_on,
        "count": week.memory_count,
        "sentences": [_sentence(one) for one in week.cited],
        "days": [_shown(day) for day in week.days],
    }


def _shown(day: selectors.Day) -> dict[str, Any]:
    span = {"date_from": day.on.isoformat(), "date_to": day.on.isoformat()}
    return {
        "on": day.on,
        "count": day.memory_count,
        "url": f"{reverse('memories:library')}?{urlencode(span)}",
        "sentences": [_sentence(one) for one in day.cited],
        "points": day.points,
        "named": [(one.name, reverse("enrichment:entity", args=[one.id])) for one in day.named],
        "conversations": [(one.title, reverse("memories:conversation", args=[one.id])) for one in day.conversations],
    }


def _sentence(one: Cited) -> dict[str, Any]:
    return {"words": one.words, "author": one.author, "url": reverse("memories:detail", args=[one.memory_id])}


def about(owner: User, row: Rollup | None) -> list[dict[str, Any]]:
    """The sentences of a roll-up as pages show them."""
    return [_sentence(one) for one in cited_by(owner, [row.id]).get(row.id, [])] if row else []


def _day(given: str) -> date | None:
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    return day if date(1, 1, 8) < day < date.max - timedelta(days=8) else None


def _url(request: HttpRequest, monday: date | None) -> str:
    return f"{request.path}?{urlencode({'until': monday.isoformat()})}" if monday else ""
