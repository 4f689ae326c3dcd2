"""Useful or not: the two buttons beside what search found, and what opening a result says by itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.access import needs, owner_of
from accounts.models import User
from memories.access import memory_or_404
from memories.fingerprints import question_key
from memories.models import Retrieval
from memories.quality import verdict_of, verdicts_for
from memories.services.feedback import give_feedback, note_use, take_back
from memories.views.cards import Card
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.htmx import wants_partial

_SAID = {"useful": "Noted as useful.", "not_useful": "Noted as not useful.", "": "Taken back."}


@needs("memories:write")
@require_POST
def judge(request: HttpRequest, memory_id: UUID) -> HttpResponse:
    """Keep the verdict on a memory; the one that stands already takes itself back."""
    owner = owner_of(request)
    memory = memory_or_404(owner, memory_id)
    retrieval_id = retrieval_named(request)
    verdict = request.POST.get("verdict", "")
    before = verdict_of(owner, memory.id, retrieval_id)
    if before is not None and before.verdict == verdict and not before.implicit:
        take_back(owner=owner, feedback_id=before.id)
        verdict = ""
    else:
        give_feedback(owner=owner, memory_id=memory.id, verdict=verdict, retrieval_id=retrieval_id, via="dashboard")
    if wants_partial(request):
        context = {"card": {"id": memory.id, "verdict": verdict}, "retrieval_id": retrieval_id}
        return render(request, "memories/_feedback_buttons.html", context)
    messages.success(request, _SAID[verdict])
    return redirect(page_to_return_to(request) or reverse("memories:detail", args=[memory.id]))


@needs("memories:write")
@require_POST
def withdraw(request: HttpRequest, feedback_id: UUID) -> HttpResponse:
    """Take one verdict back, with what it taught."""
    take_back(owner=owner_of(request), feedback_id=feedback_id)
    messages.success(request, "Taken back, with what search had learnt from it.")
    return redirect("memories:quality")


def judged_cards(owner: User, query: str, retrieval_id: UUID | None, cards: list[Card]) -> list[Card]:
    """Cards of results: their links say which search they come from, their buttons what was said before."""
    if retrieval_id is None:
        return cards
    said = verdicts_for(owner, question_key(owner.id, query), [card.id for card in cards])
    for card in cards:
        card.url = f"{card.url}?from={retrieval_id}"
        card.verdict = said.get(card.id, "")
    return cards


def came_from(request: HttpRequest, owner: User, card: Card) -> dict[str, Any]:
    """Context of a memory that was opened from a result: the search, so that it can be judged here too."""
    try:
        retrieval_id = _uuid(request.GET.get("from", ""))
    except ValidationFailed:
        return {}
    if retrieval_id is None or not Retrieval.objects.filter(owner=owner, id=retrieval_id).exists():
        return {}
    note_use(owner=owner, retrieval_id=retrieval_id, memory_id=card.id, how="opened")
    before = verdict_of(owner, card.id, retrieval_id)
    card.verdict = before.verdict if before is not None and not before.implicit else ""
    return {"retrieval_id": retrieval_id}


def retrieval_named(request: HttpRequest) -> UUID | None:
    """The search or context that the form names. Raises ValidationFailed."""
    return _uuid(request.POST.get("retrieval", ""))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise ValidationFailed("retrieval must be the id of a search.", field="retrieval") from None


def page_to_return_to(request: HttpRequest) -> str:
    """The page that `next` names, when it is one of ours."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=settings.HTTPS)
    return target if ours else ""
