"""What a memory's page and a conversation's show in short: sentences that sum it up, decisions and action items."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import User
from enrichment.models import Point, Rollup
from enrichment.summary_selectors import PointShown, points_in, rollup_of, summary_of
from enrichment.views.timeline import about
from memories.models import Conversation, Memory
from memshadow.lib.clock import now

_POINTS = 40


def summary_panel(request: HttpRequest, owner: User, memory: Memory) -> SafeString:
    """The sentences that stand for a long memory; empty for a short one."""
    sentences = summary_of(owner, memory)
    if not sentences:
        return SafeString("")
    return _rendered(request, "enrichment/_memory_summary.html", {"sentences": sentences})


def points_panel(request: HttpRequest, owner: User, memory: Memory) -> SafeString:
    """What was decided in it and what somebody has to do; empty where nothing was."""
    standing = [one for one in points_in(owner, [memory.id]) if one.words in memory.content]
    return _rendered(request, "enrichment/_points.html", _parted(standing, request)) if standing else SafeString("")


def conversation_panel(request: HttpRequest, owner: User, conversation: Conversation) -> SafeString:
    """What a conversation is about, what was decided in it and who has to do what."""
    row = rollup_of(owner, kind=Rollup.Kind.CONVERSATION, conversation=conversation)
    ids = Memory.objects.filter(owner=owner, conversation=conversation).values_list("id", flat=True)
    context = _parted(points_in(owner, list(ids))[:_POINTS], request) | {"sentences": about(owner, row)}
    if not context["sentences"] and not context["decisions"] and not context["actions"]:
        return SafeString("")
    return _rendered(request, "enrichment/_conversation_summary.html", context)


def _parted(found: list[PointShown], request: HttpRequest) -> dict[str, Any]:
    return {
        "decisions": [one for one in found if one.row.kind == Point.Kind.DECISION],
        "actions": [one for one in found if one.row.kind == Point.Kind.ACTION],
        "today": now().date(),
        "here": request.get_full_path(),
    }


def _rendered(request: HttpRequest, template: str, context: dict[str, Any]) -> SafeString:
    return SafeString(render_to_string(template, context, request=request))
