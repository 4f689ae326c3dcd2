"""Changing personas."""

from __future__ import annotations

import unicodedata

from django.db import IntegrityError, transaction

from accounts.keys import keyring
from accounts.models import User
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.errors import Conflict, PermissionRefused, ValidationFailed
from personas.models import Persona

NAME_MAX_CHARS = 80


def name_key(owner: User, name: str) -> bytes:
    """The keyed hash under which a persona's name is found."""
    return keyed_hash(keyring(owner.id).name_key, "persona", name.casefold())


def create_persona(*, owner: User, name: str, description: str = "") -> Persona:
    """A new persona. Raises ValidationFailed for a bad name and Conflict for one in use."""
    _may_write(owner)
    persona = Persona(owner=owner)
    _describe(persona, name, description)
    return _save(persona)


def edit_persona(*, persona: Persona, name: str, description: str) -> Persona:
    """Rename or describe a persona. Raises as `create_persona` does."""
    _may_write(persona.owner)
    _describe(persona, name, description)
    return _save(persona)


def delete_persona(*, persona: Persona) -> None:
    """Remove a persona; its memories stay and belong to none."""
    _may_write(persona.owner)
    persona.delete()


def _may_write(owner: User) -> None:
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot change personas; ask the owner for another role.")


def _describe(persona: Persona, name: str, description: str) -> None:
    name = " ".join(unicodedata.normalize("NFC", name.replace("\x00", "")).split())
    if not name or len(name) > NAME_MAX_CHARS:
        raise ValidationFailed(f"Give the persona a name of 1 to {NAME_MAX_CHARS} characters.", field="name")
    persona.name, persona.name_key = name, name_key(persona.owner, name)
    persona.description = description.strip()


def _save(persona: Persona) -> Persona:
    try:
        with transaction.atomic():
            persona.save()
    except IntegrityError as error:
        raise Conflict("You have a persona with this name.", field="name") from error
    return persona
