"""Language models: who may be asked, what was sent, and proposals to accept, reject or undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import needs, owner_of, signed_in
from accounts.models import User
from accounts.views.confirming import confirmed_to_change
from enrichment.access import proposal_or_404
from enrichment.forms import LlmForm
from enrichment.models import LlmCall, Proposal
from enrichment.registry import steps
from enrichment.services import proposing
from enrichment.services.asking_models import spent_today
from enrichment.services.choosing_models import set_llm, setting_of
from memories.models import Memory
from memories.rendering import plain_title
from memories.services.revising import By
from memshadow.lib.errors import MemshadowError, ValidationFailed
from memshadow.lib.paging import paginate

_PAGE = 30
State = Proposal.State


@needs("account")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def language_model(request: HttpRequest) -> HttpResponse:
    """Who is asked what, how much a day, and what it took today."""
    person = signed_in(request)
    row = setting_of(person)
    form = LlmForm(request.POST or None, owner=person, initial=LlmForm.initial_of(row))
    if request.method == "POST" and form.is_valid():
        try:
            set_llm(owner=person, **form.choice())
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("enrichment:llm")
    return render(request, "enrichment/llm.html", {"form": form, "setting": row, "spent": spent_today(person)})


@needs("account")
@require_GET
def sent(request: HttpRequest) -> HttpResponse:
    """What was sent to which model, word for word, and what it answered."""
    rows = LlmCall.objects.filter(owner=signed_in(request))
    page = paginate(rows, cursor=request.GET.get("cursor"), limit=_PAGE)
    context = {
        "calls": [{"row": row, "step": _label(row.step), "said": row.said} for row in page.items],
        "newer_url": _url(request, cursor=page.previous_cursor),
        "older_url": _url(request, cursor=page.next_cursor),
    }
    return render(request, "enrichment/llm_sent.html", context)


@needs("memories:read")
@require_GET
def proposals(request: HttpRequest) -> HttpResponse:
    """What models propose, by state, newest first."""
    owner, state = owner_of(request), request.GET.get("state", State.OPEN)
    state = state if state in State.values else State.OPEN
    rows = Proposal.objects.filter(owner=owner, state=state).select_related("memory", "target")
    page = paginate(rows, cursor=request.GET.get("cursor"), limit=_PAGE)
    context = {
        "proposals": [_shown(row) for row in page.items],
        "state": state,
        "states": [(value, label, _url(request, state=value)) for value, label in State.choices],
        "is_on": setting_of(owner).is_on,
        "here": request.get_full_path(),
        "newer_url": _url(request, state=state, cursor=page.previous_cursor) if page.previous_cursor else "",
        "older_url": _url(request, state=state, cursor=page.next_cursor) if page.next_cursor else "",
    }
    return render(request, "enrichment/proposals.html", context)


@needs("memories:write")
@require_POST
def decide(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Accept, reject or undo one."""
    owner = owner_of(request)
    row = proposal_or_404(owner, proposal_id)
    try:
        messages.success(request, _decided(request, owner, row))
    except MemshadowError as error:
        messages.error(request, error.message)
    back = request.POST.get("back", "")
    ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if ours else reverse("enrichment:proposals"))


def _decided(request: HttpRequest, owner: User, row: Proposal) -> str:
    """Do it; returns what was done."""
    action, by = request.POST.get("action", ""), By(signed_in(request), via="dashboard")
    if action == "accept":
        proposing.accept_proposal(owner=owner, proposal=row, by=by)
        return "Accepted. You can undo it under Accepted."
    if action == "reject":
        proposing.reject_proposal(owner=owner, proposal=row)
        return "Rejected. It is not proposed again."
    if action == "undo":
        proposing.undo_proposal(owner=owner, proposal=row, by=by)
        return "Undone. It is open again."
    raise ValidationFailed("action is accept, reject or undo.", field="action")


def proposals_panel(request: HttpRequest, owner: User, memory: Memory) -> SafeString:
    """What models propose of a memory, and what of it was accepted; empty without any."""
    rows = Proposal.objects.filter(owner=owner, memory=memory).exclude(state=State.REJECTED)
    found = [_shown(row) for row in rows.select_related("memory", "target").order_by("state", "kind", "created_at")]
    if not found:
        return SafeString("")
    context = {"proposals": found, "here": request.get_full_path(), "on_memory": True}
    return SafeString(render_to_string("enrichment/_memory_proposals.html", context, request=request))


def _shown(row: Proposal) -> dict[str, Any]:
    return {
        "row": row,
        "text": row.said["text"],
        "quote": row.said["quote"],
        "reason": row.said["reason"],
        "title": plain_title(row.memory, 80),
        "url": reverse("memories:detail", args=[row.memory_id]),
        "target": plain_title(row.target, 200) if row.target else "",
        "target_url": reverse("memories:detail", args=[row.target_id]) if row.target_id else "",
        "made_url": reverse("memories:detail", args=[row.made_id]) if row.made_id else "",
    }


def _label(name: str) -> str:
    step = steps().get(name)
    return step.label if step else name


def _url(request: HttpRequest, **given: str | None) -> str:
    kept = {name: value for name, value in given.items() if value}
    return f"{request.path}?{urlencode(kept)}" if kept else ""
