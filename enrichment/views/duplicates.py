"""Near-duplicates: pairs to look at, what was decided, and what may be decided without asking."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from accounts.access import needs, owner_of, signed_in
from accounts.models import User
from enrichment import duplicate_selectors as selectors
from enrichment.access import pair_or_404
from enrichment.models import DuplicatePair, DuplicatePolicy
from enrichment.services import deciding_duplicates as deciding
from memories.models import Memory
from memories.rendering import diff_words, fold_equal
from memories.services.revising import By
from memshadow.lib.errors import MemshadowError, ValidationFailed
from memshadow.lib.paging import paginate

_PAGE: Final = 20
_COMPARED_CHARS: Final = 1_500
_State = DuplicatePair.State


@needs("memories:read")
@require_GET
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs that wait, or those that were merged or kept."""
    owner = owner_of(request)
    state = request.GET.get("state", _State.OPEN)
    state = state if state in _State.values else _State.OPEN
    page = paginate(
        selectors.pairs_of(owner, state=state), cursor=request.GET.get("cursor"), limit=_PAGE, by="found_at"
    )
    context = {
        "pairs": [_shown(pair) for pair in page.items],
        "state": state,
        "states": [(value, label, f"{request.path}?{urlencode({'state': value})}") for value, label in _State.choices],
        "policy": selectors.policy_of(owner),
        "policies": DuplicatePolicy.Choice.choices,
        "newer_url": _cursor_url(request, state, page.previous_cursor),
        "older_url": _cursor_url(request, state, page.next_cursor),
    }
    return render(request, "enrichment/duplicates.html", context)


@needs("memories:write")
@require_POST
def decide(request: HttpRequest, pair_id: UUID) -> HttpResponse:
    """Merge into one of the two, keep both, or undo what was decided."""
    owner = owner_of(request)
    pair = pair_or_404(owner, pair_id)
    try:
        messages.success(request, _decided(request, owner, pair))
    except MemshadowError as error:
        messages.error(request, error.message)
    return redirect("enrichment:duplicates")


@needs("memories:write")
@require_POST
def policy(request: HttpRequest) -> HttpResponse:
    """Set what is done without asking."""
    try:
        deciding.set_policy(owner=owner_of(request), choice=request.POST.get("policy", ""))
        messages.success(request, "Saved. It holds for what is found from now on.")
    except MemshadowError as error:
        messages.error(request, error.message)
    return redirect("enrichment:duplicates")


def _decided(request: HttpRequest, owner: User, pair: DuplicatePair) -> str:
    by, action = By(signed_in(request), via="dashboard"), request.POST.get("action", "")
    if action in ("first", "second"):
        keep = pair.first_id if action == "first" else pair.second_id
        deciding.merge_pair(owner=owner, pair=pair, keep_id=keep, by=by)
        return "Merged. The other one is superseded; you can undo it."
    if action == "both":
        deciding.keep_both(owner=owner, pair=pair)
        return "Both stay. You will not be asked about these two again."
    if action == "undo":
        deciding.undo_decision(owner=owner, pair=pair, by=by)
        return "Undone. The two wait for a decision again."
    raise ValidationFailed("action is first, second, both or undo.", field="action")


def _shown(pair: DuplicatePair) -> dict[str, Any]:
    first, second = pair.first, pair.second
    difference = diff_words(_cut(first), _cut(second))
    return {
        "pair": pair,
        "first": _side(first),
        "second": _side(second),
        "diff": fold_equal(difference, keep_chars=200),
        "words": round(100 * pair.words),
        "meaning": round(100 * pair.meaning) if pair.meaning is not None else None,
    }


def _cut(memory: Memory) -> str:
    text = memory.content
    return text if len(text) <= _COMPARED_CHARS else f"{text[:_COMPARED_CHARS]} …"


def _side(memory: Memory) -> dict[str, Any]:
    url = reverse("memories:detail", args=[memory.id])
    return {"url": url, "at": memory.occurred_at, "author": memory.author, "state": memory.state}


def _cursor_url(request: HttpRequest, state: str, cursor: str | None) -> str:
    return f"{request.path}?{urlencode({'state': state, 'cursor': cursor})}" if cursor else ""
