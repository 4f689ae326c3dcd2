"""The context studio: what a prompt would carry, two settings side by side, and what one says of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import needs, owner_of
from accounts.models import User
from memories.access import context_target_or_404
from memories.context import learnt_from, prepare, targets_for
from memories.context.adding import add_target, edit_target, remove_target
from memories.context_forms import PromptForm, SettingsForm, TargetForm
from memories.models import ContextTarget
from memories.services.context import forget_verdicts, judge_context
from memories.views.context_shown import Shown, shown
from memories.views.feedback import page_to_return_to, retrieval_named
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError, ValidationFailed
from memshadow.lib.htmx import render_page, wants_partial

_SIDES = (("a", "First"), ("b", "Second"))


@needs("memories:read")
@require_GET
def studio(request: HttpRequest) -> HttpResponse:
    """A prompt with its settings, and what would go along with it. It all stands in the address."""
    owner = owner_of(request)
    given = request.GET if "prompt" in request.GET else None
    form = PromptForm(given, owner=owner)
    sides = [SettingsForm(given, owner=owner, prefix=prefix) for prefix, _ in _SIDES]
    context = {
        "form": form,
        "sides": sides,
        "asked": given is not None,
        "results": _results(owner, form, sides) if given is not None and form.is_valid() else [],
        "models": [target.name for target in targets_for(owner)],
        "learnt": learnt_from(owner),
    }
    return render_page(request, "memories/context.html", "memories/_context_results.html", context)


def _results(owner: User, form: PromptForm, sides: list[SettingsForm]) -> list[Shown]:
    """What each side gives; one with a mistake gives nothing, and says so beside its fields."""
    prompt, results = form.cleaned_data["prompt"], list[Shown]()
    for (_, label), side in zip(_SIDES, sides[: 2 if form.cleaned_data["compare"] else 1], strict=False):
        if prompt and side.is_valid():
            try:
                asked = side.request(prompt, form.cleaned_data.get("conversation"))
                results.append(shown(label, prepare(owner, asked), model=asked.model))
            except MemshadowError as error:
                side.refuse(error)
    return results


@needs("memories:write")
@require_POST
def verdict(request: HttpRequest) -> HttpResponse:
    """Too long, or missing something; or take all such verdicts back."""
    owner, said = owner_of(request), request.POST.get("verdict", "")
    if said == "forget":
        forget_verdicts(owner=owner)
    else:
        retrieval_id = retrieval_named(request)
        if retrieval_id is None:
            raise ValidationFailed("Name the context that you mean.", field="retrieval")
        judge_context(owner=owner, verdict=said, retrieval_id=retrieval_id)
    learnt, back = learnt_from(owner), page_to_return_to(request) or reverse("memories:context_studio")
    if wants_partial(request):
        return render(request, "memories/_context_noted.html", {"learnt": learnt, "said": said, "again_url": back})
    messages.success(request, learnt.note or "Memories get the usual room.")
    return redirect(back)


@needs("memories:read", post="memories:write")
@require_http_methods(["GET", "POST"])
def targets(request: HttpRequest) -> HttpResponse:
    """The models that contexts are prepared for, and a form for one of one's own."""
    owner, form = owner_of(request), TargetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = add_target(owner=owner, values=form.values())
            messages.success(request, f"“{row.name}” was added.")
            return redirect("memories:context_targets")
        except MemshadowError as error:
            form.refuse(error)
    return render(request, "memories/context_targets.html", {"form": form, **_by_origin(owner)})


def _by_origin(owner: User) -> dict[str, Any]:
    found = targets_for(owner)
    return {origin: [one for one in found if one.origin == origin] for origin in ("yours", "server", "shipped")}


@needs("memories:read", post="memories:write")
@require_http_methods(["GET", "POST"])
def target(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """One of one's own models; POST changes or removes it."""
    owner = owner_of(request)
    row = context_target_or_404(owner, target_id)
    if request.method == "POST" and request.POST.get("action") == "delete":
        return _remove(request, owner, row)
    form, name = TargetForm(request.POST or None, initial=TargetForm.initial_of(row)), row.name
    if request.method == "POST" and form.is_valid():
        try:
            edit_target(target=row, by=owner, values=form.values())
            messages.success(request, "Saved.")
            return redirect("memories:context_targets")
        except MemshadowError as error:
            form.refuse(error)
    return render(request, "memories/context_target.html", {"form": form, "target_id": row.id, "name": name})


def _remove(request: HttpRequest, owner: User, row: ContextTarget) -> HttpResponse:
    page = ask_first(
        request,
        question=f"Remove “{row.name}”?",
        text="Prompts for it are prepared as for any model of that name from then on.",
        yes="Remove it",
        back_url=reverse("memories:context_target", args=[row.id]),
    )
    if page is not None:
        return page
    name = row.name
    remove_target(target=row, by=owner)
    messages.success(request, f"“{name}” was removed.")
    return redirect("memories:context_targets")
