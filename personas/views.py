"""The persona pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import needs, owner_of, signed_in
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError
from personas.forms import PersonaForm, RetentionForm
from personas.models import Persona, Retention
from personas.selectors import memory_counts, persona_or_404, personas_for, retention_count
from personas.services import create_persona, delete_persona, edit_persona, set_retention


@needs("memories:read")
@require_GET
def list_personas(request: HttpRequest) -> HttpResponse:
    """Every persona with how many memories it has."""
    owner = owner_of(request)
    counts = memory_counts(owner)
    return render(request, "personas/list.html", {"personas": [_shown(p, counts) for p in personas_for(owner)]})


@needs("memories:write")
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new persona."""
    form = PersonaForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            create_persona(owner=owner_of(request), **form.cleaned_data)
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "The persona is made.")
            return redirect("personas:list")
    return render(request, "personas/edit.html", {"form": form, "persona": None})


@needs("memories:read", post="memories:write")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, persona_id: UUID) -> HttpResponse:
    """Rename, describe or delete a persona."""
    persona = persona_or_404(owner_of(request), persona_id)
    if request.POST.get("action") == "delete":
        return _delete(request, persona)
    if request.POST.get("action") == "retention":
        return _retention(request, persona)
    initial = {"name": persona.name, "description": persona.description}
    form = PersonaForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            edit_persona(persona=persona, **form.cleaned_data)
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("personas:list")
    return render(
        request, "personas/edit.html", {"form": form, "persona": persona, "retention": _retention_form(persona)}
    )


def _retention_form(persona: Persona) -> RetentionForm:
    return RetentionForm(
        initial={"retention_days": persona.retention_days, "retention_action": persona.retention_action}
    )


def _retention(request: HttpRequest, persona: Persona) -> HttpResponse:
    """Say how many memories the rule would move now, then keep it."""
    form, back = RetentionForm(request.POST), reverse("personas:edit", args=[persona.id])
    if not form.is_valid():
        messages.error(request, "Give a number of days from 1, or none.")
        return redirect(back)
    days, action = form.cleaned_data["retention_days"], form.cleaned_data["retention_action"]
    page = ask_first(request, **_retention_question(persona, days, action), back_url=back) if days else None
    if page is not None:
        return page
    set_retention(persona=persona, days=days, action=action, by=signed_in(request))
    messages.success(request, "The rule is kept; it is applied every night." if days else "They stay for ever.")
    return redirect(back)


def _retention_question(persona: Persona, days: int, action: str) -> dict[str, str]:
    count, where = retention_count(persona, days, action), "archive" if action == Retention.ARCHIVE else "trash"
    moved = f"{count} {'memory' if count == 1 else 'memories'}"
    return {
        "question": f"Move memories of “{persona.name}” to the {where} after {days} days?",
        "text": f"Tonight that would be {moved}; pinned ones stay. Nothing is erased: you can bring them back.",
        "yes": "Keep this rule",
    }


def _delete(request: HttpRequest, persona: Persona) -> HttpResponse:
    page = ask_first(
        request,
        question=f"Delete the persona “{persona.name}”?",
        text="Its memories stay, without a persona.",
        yes="Delete persona",
        back_url=reverse("personas:edit", args=[persona.id]),
    )
    if page is not None:
        return page
    delete_persona(persona=persona)
    messages.success(request, "The persona is gone; its memories stay.")
    return redirect("personas:list")


def _shown(persona: Persona, counts: dict[UUID, int]) -> dict[str, Any]:
    return {
        "id": persona.id,
        "name": persona.name,
        "description": persona.description,
        "memories_count": counts.get(persona.id, 0),
    }
