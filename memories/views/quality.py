"""How well search serves: satisfaction, speed, what came to nothing, and what search has learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import needs, owner_of
from memories import quality
from memories.access import rule_or_404
from memories.feedback_rules import explained
from memories.index_report import latest_report
from memories.models import Feedback, LearntRule
from memories.quality import Week
from memories.services.rules import remove_rule, restore_rule
from memories.views.cards import title_of
from memshadow.lib.errors import ValidationFailed

_FEEDBACK = 20
_WIDTH, _HEIGHT, _MARGIN = 600.0, 180.0, 8.0  # units of the chart's view box
_LINES: tuple[tuple[str, str, Callable[[Week], float | None]], ...] = (
    ("useful", "Useful, of those judged", lambda week: week.useful_share),
    ("used", "Followed by a use", lambda week: week.used_share),
    ("empty", "Nothing found", lambda week: week.empty_share),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chart: `path` joins its points, `dots` marks each, in the view box's units."""

    name: str
    label: str
    path: str
    dots: str


@needs("memories:read")
@require_GET
def quality_page(request: HttpRequest) -> HttpResponse:
    """Everything that the log and the feedback say, decrypted for their owner only."""
    owner = owner_of(request)
    weeks = quality.weeks_for(owner)
    context = {
        "log_is_on": settings.RETRIEVAL_LOG,
        "log_days": settings.RETRIEVAL_LOG_DAYS,
        "weeks": weeks,
        "chart": chart_of(weeks),
        "speed": quality.speed_for(owner),
        "slow_ms": quality.SLOW_MS,
        "slow": quality.slow_questions(owner),
        "empty": quality.empty_questions(owner),
        "feedback": [_said(row) for row in quality.feedback_page(owner, limit=_FEEDBACK).items],
        "rules_count": sum(rule.state == LearntRule.State.ACTIVE for rule in quality.rules_for(owner)),
        # The whole index spans owners, so its report is for those who run the server.
        "index_report": latest_report() if owner.is_staff else latest_report(owner),
    }
    return render(request, "memories/quality.html", context)


@needs("memories:read")
@require_GET
def learnt(request: HttpRequest) -> HttpResponse:
    """Every rule with what taught it."""
    shown = [_rule(rule) for rule in quality.rules_for(owner_of(request))]
    context = {
        "rules": [rule for rule in shown if not rule["removed"]],
        "removed": [rule for rule in shown if rule["removed"]],
    }
    return render(request, "memories/learnt.html", context)


@needs("memories:write")
@require_POST
def learnt_rule(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Remove a rule, or restore it."""
    owner = owner_of(request)
    rule = rule_or_404(owner, rule_id)
    action = request.POST.get("action", "")
    if action == "restore":
        restore_rule(owner=owner, rule_id=rule.id)
        messages.success(request, "The rule is in use again.")
    elif action == "remove":
        remove_rule(owner=owner, rule_id=rule.id)
        messages.success(request, "The rule is removed and will not be learnt again.")
    else:
        raise ValidationFailed("action is remove or restore.", field="action")
    return redirect("memories:learnt")


def chart_of(weeks: Sequence[Week]) -> list[Line]:
    """The shares by week as lines; a week without a value leaves a gap."""
    step = (_WIDTH - 2 * _MARGIN) / max(1, len(weeks) - 1)
    return [
        Line(name, label, *_paths([(_MARGIN + n * step, share(week)) for n, week in enumerate(weeks)]))
        for name, label, share in _LINES
    ]


def _paths(points: Sequence[tuple[float, float | None]]) -> tuple[str, str]:
    joined, dots, pen = [], [], "M"
    for x, share in points:
        if share is None:
            pen = "M"
            continue
        y = _MARGIN + (1 - share) * (_HEIGHT - 2 * _MARGIN)
        joined.append(f"{pen}{x:.1f} {y:.1f}")
        dots.append(f"M{x:.1f} {y:.1f}h0")
        pen = "L"
    return "".join(joined), "".join(dots)


def _said(row: Feedback) -> dict[str, Any]:
    verdict = row.get_how_display() if row.implicit else row.get_verdict_display()
    tone = "" if row.implicit else ("ok" if row.verdict == "useful" else "warn")
    return {
        "id": row.id,
        "question": row.question,
        "title": title_of(row.memory),
        "memory_id": row.memory_id,
        "verdict": verdict,
        "tone": tone,
        "via": row.get_via_display(),
        "at": row.created_at,
    }


def _rule(rule: LearntRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "kind": rule.get_kind_display(),
        "given": " ".join(rule.payload.get("given", ())),
        "added": " ".join(rule.payload.get("added", ())),
        "both_ways": rule.kind == LearntRule.Kind.ACRONYM,
        "why": explained(rule),
        "strength": rule.strength,
        "removed": rule.state == LearntRule.State.REMOVED,
    }
