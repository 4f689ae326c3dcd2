"""The owner's things under the names that people and models use for them."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from accounts.models import User
from memshadow.lib.errors import NotFound
from personas.selectors import persona_or_404, personas_for


def persona_named(owner: User, text: str) -> UUID | None:
    """The id of the persona with this name or id, None for an empty text. Raises NotFound with the names there are."""
    if not text.strip():
        return None
    with suppress(ValueError):
        return persona_or_404(owner, UUID(text.strip())).id
    known = personas_for(owner)
    for persona in known:
        if persona.name.casefold() == text.strip().casefold():
            return persona.id
    names = ", ".join(persona.name for persona in known) or "none yet"
    raise NotFound(f"There is no persona of yours named {text.strip()[:80]!r}. There are: {names}.")
