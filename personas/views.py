"""The persona pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import signed_in
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError
from personas.forms import PersonaForm
from personas.models import Persona
from personas.selectors import memory_counts, persona_or_404, personas_for
from personas.services import create_persona, delete_persona, edit_persona


@require_GET
def list_personas(request: HttpRequest) -> HttpResponse:
    """Every persona with how many memories it has."""
    owner = signed_in(request)
    counts = memory_counts(owner)
    return render(request, "personas/list.html", {"personas": [_shown(p, counts) for p in personas_for(owner)]})


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new persona."""
    form = PersonaForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            create_persona(owner=signed_in(request), **form.cleaned_data)
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "The persona is made.")
            return redirect("personas:list")
    return render(request, "personas/edit.html", {"form": form, "persona": None})


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, persona_id: UUID) -> HttpResponse:
    """Rename, describe or delete a persona."""
    persona = persona_or_404(signed_in(request), persona_id)
    if request.POST.get("action") == "delete":
        return _delete(request, persona)
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
    return render(request, "personas/edit.html", {"form": form, "persona": persona})


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
