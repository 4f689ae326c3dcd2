"""The JSON API of personas."""

from __future__ import annotations

from uuid import UUID

from ninja import Router
from ninja.responses import Status

from accounts.scopes import ApiRequest, scope
from personas import services
from personas.schemas import PersonaIn, PersonaListOut, PersonaOut, PersonaPatch
from personas.selectors import persona_or_404, personas_for

router = Router(tags=["Personas"])


@router.get("/personas", auth=scope("read"), response=PersonaListOut)
def list_personas(request: ApiRequest) -> PersonaListOut:
    """List personas by name."""
    return PersonaListOut(items=[PersonaOut.of(persona) for persona in personas_for(request.auth.owner)])


@router.post("/personas", auth=scope("write"), response={201: PersonaOut})
def create_persona(request: ApiRequest, persona: PersonaIn) -> Status[PersonaOut]:
    """Make a persona."""
    made = services.create_persona(owner=request.auth.owner, name=persona.name, description=persona.description)
    return Status(201, PersonaOut.of(made))


@router.get("/personas/{uuid:persona_id}", auth=scope("read"), response=PersonaOut)
def get_persona(request: ApiRequest, persona_id: UUID) -> PersonaOut:
    """Read one persona."""
    return PersonaOut.of(persona_or_404(request.auth.owner, persona_id))


@router.patch("/personas/{uuid:persona_id}", auth=scope("write"), response=PersonaOut)
def edit_persona(request: ApiRequest, persona_id: UUID, patch: PersonaPatch) -> PersonaOut:
    """Rename or describe a persona."""
    persona = persona_or_404(request.auth.owner, persona_id)
    before = {"name": persona.name, "description": persona.description}
    parts = before | patch.model_dump(exclude_unset=True)
    return PersonaOut.of(services.edit_persona(persona=persona, **parts))


@router.delete("/personas/{uuid:persona_id}", auth=scope("write"), response={204: None})
def delete_persona(request: ApiRequest, persona_id: UUID) -> Status[None]:
    """Remove a persona; its memories stay and belong to none."""
    services.delete_persona(persona=persona_or_404(request.auth.owner, persona_id))
    return Status(204, None)
