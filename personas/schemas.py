"""What goes in and out of the JSON API about personas."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from memshadow.lib.strict import NOT_GIVEN, StrictModel
from personas.models import Persona
from personas.services import NAME_MAX_CHARS, RETENTION_MAX_DAYS

_DESCRIPTION_MAX_CHARS = 10_000
RetentionName = Literal["archive", "trash"]


class PersonaIn(StrictModel):
    """A persona to make."""

    name: str = Field(min_length=1, max_length=NAME_MAX_CHARS)
    description: str = Field(default="", max_length=_DESCRIPTION_MAX_CHARS)


class PersonaPatch(StrictModel):
    """What to change; parts that are left out stay."""

    name: str = Field(default=NOT_GIVEN, min_length=1, max_length=NAME_MAX_CHARS)
    description: str = Field(default=NOT_GIVEN, max_length=_DESCRIPTION_MAX_CHARS)
    retention_days: int | None = Field(
        default=None, ge=1, le=RETENTION_MAX_DAYS, description="Null: its memories stay for ever."
    )
    retention_action: RetentionName = Field(default=NOT_GIVEN, description="What becomes of them after that many days.")


class PersonaOut(BaseModel):
    """A persona."""

    id: UUID
    name: str
    description: str
    created_at: datetime
    retention_days: int | None
    retention_action: RetentionName

    @classmethod
    def of(cls, persona: Persona) -> PersonaOut:
        """From a row."""
        return cls(**{name: getattr(persona, name) for name in cls.model_fields})


class PersonaListOut(BaseModel):
    """All personas, by name."""

    items: list[PersonaOut]


class RetentionQuery(StrictModel):
    """A rule to look at before it is kept."""

    days: int = Field(default=365, ge=1, le=RETENTION_MAX_DAYS)
    action: RetentionName = "archive"


class RetentionPreviewOut(BaseModel):
    """How many memories the rule would move now."""

    count: int
