"""The profile and insights: what is worth knowing about the owner, each with the memories that say so."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import needs, owner_of
from enrichment.charts import bars
from enrichment.entities import label as kind_label
from enrichment.insights.about import Known
from enrichment.insights.around import Around
from enrichment.insights.found import insights_of
from enrichment.insights.profile import as_text, profile_of
from enrichment.insights.trends import Trend
from memories.views.cards import cards_of

_TEXT_CHARS: Final = 6_000


@needs("memories:read")
@require_GET
def profile(request: HttpRequest) -> HttpResponse:
    """Facts, preferences, plans, people, projects and commitments; and the text that models get of it."""
    found = profile_of(owner_of(request))
    context = {
        "profile": found,
        "groups": [
            (title, [_known(one) for one in rows])
            for title, rows in (
                ("Facts", found.facts),
                ("Preferences", found.preferences),
                ("Wants and plans", found.plans),
            )
            if rows
        ],
        "people": [_around(one) for one in found.people],
        "things": [_around(one) for one in found.things],
        "topics": [(row.topic.label, _topic_url(row.topic.id), row.memories) for row in found.topics],
        "text": as_text(found, _TEXT_CHARS),
    }
    return render(request, "enrichment/profile.html", context)


@needs("memories:read")
@require_GET
def insights(request: HttpRequest) -> HttpResponse:
    """Themes over time, open questions, what comes up, and what happened on this day."""
    found = insights_of(owner_of(request))
    context = {
        "insights": found,
        "trends": [_trend(one) for one in found.trends],
        "months": [month for month, _ in found.trends[0].months] if found.trends else [],
        "questions": [
            {"text": one.text, "url": _memory_url(one.memory.id), "at": one.memory.occurred_at}
            for one in found.questions
        ],
        "cards": cards_of(found.on_this_day),
    }
    return render(request, "enrichment/insights.html", context)


def _known(one: Known) -> dict[str, Any]:
    return {
        "id": one.relation_id,
        "text": one.text,
        "since": one.since,
        "sentence": one.sentence,
        "urls": [_memory_url(key) for key in one.cited],
        "count": one.count,
    }


def _around(one: Around) -> dict[str, Any]:
    entity = one.entity
    return {
        "name": entity.name,
        "kind": kind_label(entity.kind),
        "url": reverse("enrichment:entity", args=[entity.id]),
        "memories": one.memories,
        "last_at": one.last_at,
    }


def _trend(one: Trend) -> dict[str, Any]:
    return {
        "label": one.topic.label,
        "url": _topic_url(one.topic.id),
        "kind": one.kind,
        "recent": one.recent,
        "usual": one.usual,
        "counts": one.counts,
        "bars": bars(one.counts),
    }


def _topic_url(topic_id: UUID) -> str:
    return reverse("enrichment:topic", args=[topic_id])


def _memory_url(memory_id: UUID) -> str:
    return reverse("memories:detail", args=[memory_id])
