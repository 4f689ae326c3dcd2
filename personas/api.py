"""The JSON API of personas."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.db import transaction
from ninja import Router
from ninja.responses import Status

from accounts.scopes import ApiRequest, scope
from memshadow.lib.strict import StrictQuery
from personas import services
from personas.schemas import PersonaIn, PersonaListOut, PersonaOut, PersonaPatch, RetentionPreviewOut, RetentionQuery
from personas.selectors import persona_or_404, personas_for, retention_count

router = Router(tags=["Personas"])


@router.get("/personas", auth=scope("memories:read"), response=PersonaListOut)
def list_personas(request: ApiRequest) -> PersonaListOut:
    """List personas by name."""
    return PersonaListOut(items=[PersonaOut.of(persona) for persona in personas_for(request.auth.owner)])


@router.post("/personas", auth=scope("memories:write"), response={201: PersonaOut})
def create_persona(request: ApiRequest, persona: PersonaIn) -> Status[PersonaOut]:
    """Make a persona."""
    made = services.create_persona(owner=request.auth.owner, name=persona.name, description=persona.description)
    return Status(201, PersonaOut.of(made))


@router.get("/personas/{uuid:persona_id}", auth=scope("memories:read"), response=PersonaOut)
def get_persona(request: ApiRequest, persona_id: UUID) -> PersonaOut:
    """Read one persona."""
    return PersonaOut.of(persona_or_404(request.auth.owner, persona_id))


@router.patch("/personas/{uuid:persona_id}", auth=scope("memories:write"), response=PersonaOut)
def edit_persona(request: ApiRequest, persona_id: UUID, patch: PersonaPatch) -> PersonaOut:
    """Rename or describe a persona."""
    persona = persona_or_404(request.auth.owner, persona_id)
    given = patch.model_dump(exclude_unset=True)
    days = given.pop("retention_days", persona.retention_days)
    action = given.pop("retention_action", persona.retention_action)
    with transaction.atomic():
        if given:
            services.edit_persona(persona=persona, **{"name": persona.name, "description": persona.description} | given)
        if (days, action) != (persona.retention_days, persona.retention_action):
            services.set_retention(persona=persona, days=days, action=action, by=request.auth.person)
    return PersonaOut.of(persona)


@router.get("/personas/{uuid:persona_id}/retention", auth=scope("memories:read"), response=RetentionPreviewOut)
def preview_retention(
    request: ApiRequest, persona_id: UUID, query: Annotated[RetentionQuery, StrictQuery(...)]
) -> RetentionPreviewOut:
    """Count the memories that a retention rule would move now."""
    persona = persona_or_404(request.auth.owner, persona_id)
    return RetentionPreviewOut(count=retention_count(persona, query.days, query.action))


@router.delete("/personas/{uuid:persona_id}", auth=scope("memories:delete"), response={204: None})
def delete_persona(request: ApiRequest, persona_id: UUID) -> Status[None]:
    """Remove a persona; its memories stay and belong to none."""
    services.delete_persona(persona=persona_or_404(request.auth.owner, persona_id))
    return Status(204, None)
