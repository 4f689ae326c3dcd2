"""Changing personas."""

from __future__ import annotations

import unicodedata

from django.db import IntegrityError, transaction

from accounts.audit import record
from accounts.keys import keyring
from accounts.models import User
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.errors import Conflict, PermissionRefused, ValidationFailed
from personas.models import Persona, Retention

NAME_MAX_CHARS = 80
RETENTION_MAX_DAYS = 36_500


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


def set_retention(*, persona: Persona, days: int | None, action: str, by: User) -> Persona:
    """How long this persona's memories stay where they are, from the day they were stored; None: for ever.

    Raises ValidationFailed.
    """
    _may_write(persona.owner)
    if days is not None and not 1 <= days <= RETENTION_MAX_DAYS:
        raise ValidationFailed(f"Give a number of days from 1 to {RETENTION_MAX_DAYS}.", field="retention_days")
    if action not in Retention.values:
        raise ValidationFailed(f"retention_action is one of {', '.join(Retention.values)}.", field="retention_action")
    persona.retention_days, persona.retention_action = days, action
    persona.save(update_fields=["retention_days", "retention_action"])
    record("persona.retention_set", actor=by, target=persona, days=days, then=action)
    return persona


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
