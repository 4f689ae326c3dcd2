"""The page Review: what waits for a person's word, and facts that cannot both be so."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from accounts.access import needs, owner_of
from accounts.models import User
from enrichment.access import relation_or_404
from enrichment.contradictions import Contradiction, decided_contradictions, open_contradictions
from enrichment.models import FactVerdict, Relation
from enrichment.review import review_kinds
from enrichment.services import judging
from enrichment.views.facts import fact_shown
from memshadow.lib.errors import MemshadowError, ValidationFailed

_SHOWN: Final = 50
_STATES: Final = {"open": "Waiting", "newer": "Newer kept", "both": "Both stand"}


@needs("memories:read")
@require_GET
def review(request: HttpRequest) -> HttpResponse:
    """Contradictions that wait, or those that were decided; and how much of other kinds waits."""
    owner = owner_of(request)
    state = request.GET.get("state", "open")
    state = state if state in _STATES else "open"
    pairs = open_contradictions(owner) if state == "open" else decided_contradictions(owner, state)
    context = {
        "pairs": [_shown(pair) for pair in pairs[:_SHOWN]],
        "more": max(0, len(pairs) - _SHOWN),
        "state": state,
        "states": [(key, label, f"{request.path}?{urlencode({'state': key})}") for key, label in _STATES.items()],
        "others": [
            {"label": kind.label, "about": kind.about, "waiting": kind.waiting(owner), "url": _url(kind.page)}
            for kind in review_kinds()
            if kind.page != "review"
        ],
    }
    return render(request, "enrichment/review.html", context)


@needs("memories:write")
@require_POST
def decide(request: HttpRequest, relation_id: UUID, newer_id: UUID) -> HttpResponse:
    """Keep the newer, let both stand, or say that one of them is wrong."""
    owner = owner_of(request)
    older, newer = relation_or_404(owner, relation_id), relation_or_404(owner, newer_id)
    try:
        messages.success(request, _decided(request.POST.get("action", ""), owner, older, newer))
    except MemshadowError as error:
        messages.error(request, error.message)
    return redirect("enrichment:review")


def _decided(action: str, owner: User, older: Relation, newer: Relation) -> str:
    if action == "accept":
        judging.keep_newer(owner=owner, older=older, newer=newer)
        return "Noted: the older one ended when the newer one began."
    if action == "reject":
        judging.keep_both(owner=owner, older=older, newer=newer)
        return "Noted: both stand."
    if action == "wrong":
        judging.reject_fact(owner=owner, relation=newer)
        return "Noted: the newer one is wrong."
    raise ValidationFailed("action is accept, reject or wrong.", field="action")


def _shown(pair: Contradiction) -> dict[str, Any]:
    return {
        "older": fact_shown(pair.older),
        "newer": fact_shown(pair.newer),
        "reason": pair.reason,
        "verdict": pair.verdict if pair.verdict and pair.verdict.action in FactVerdict.Action.values else None,
    }


def _url(page: str) -> str:
    return reverse(f"enrichment:{page}")
