"""What goes in and out of the JSON API about personas."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from memshadow.lib.strict import NOT_GIVEN, StrictModel
from personas.models import Persona
from personas.services import NAME_MAX_CHARS

_DESCRIPTION_MAX_CHARS = 10_000


class PersonaIn(StrictModel):
    """A persona to make."""

    name: str = Field(min_length=1, max_length=NAME_MAX_CHARS)
    description: str = Field(default="", max_length=_DESCRIPTION_MAX_CHARS)


class PersonaPatch(StrictModel):
    """What to change; parts that are left out stay."""

    name: str = Field(default=NOT_GIVEN, min_length=1, max_length=NAME_MAX_CHARS)
    description: str = Field(default=NOT_GIVEN, max_length=_DESCRIPTION_MAX_CHARS)


class PersonaOut(BaseModel):
    """A persona."""

    id: UUID
    name: str
    description: str
    created_at: datetime

    @classmethod
    def of(cls, persona: Persona) -> PersonaOut:
        """From a row."""
        return cls(**{name: getattr(persona, name) for name in cls.model_fields})


class PersonaListOut(BaseModel):
    """All personas, by name."""

    items: list[PersonaOut]
