"""Retention: a persona's rule moves what is past its time to the archive or the trash, never out of it."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User
from memories.models import Memory
from memories.services.lifecycle import archive_memory, delete_memory
from memories.services.revising import By
from memshadow.lib.errors import Conflict, NotFound
from personas.models import Persona, Retention
from personas.selectors import memories_past

_BATCH = 500


def apply_retention() -> int:
    """Move everything that is past its time, as each persona's owner has set it; returns how many memories."""
    return sum(map(_apply, _with_a_rule()))


def past_retention() -> int:
    """How many memories `apply_retention` would move."""
    rules = [(one, one.retention_days or 0, one.retention_action) for one in _with_a_rule()]
    return sum(memories_past(*rule).count() for rule in rules)


def _with_a_rule() -> list[Persona]:
    personas = Persona.objects.exclude(retention_days=None).select_related("owner").order_by("id")
    return [persona for persona in personas if _is_kept_by(persona.owner)]


def _is_kept_by(owner: User) -> bool:
    return owner.may_write and (owner.is_active or owner.is_space)


def _apply(persona: Persona) -> int:
    days, action = persona.retention_days or 0, persona.retention_action
    move = archive_memory if action == Retention.ARCHIVE else delete_memory
    by = By(None, via="retention", reason=f"stored more than {days} days ago, as this persona's rule has it")
    moved = 0
    while ids := list(memories_past(persona, days, action).order_by("id").values_list("id", flat=True)[:_BATCH]):
        done = sum(_moved(persona.owner, memory_id, move, by) for memory_id in ids)
        moved += done
        if not done:
            break
    return moved


def _moved(owner: User, memory_id: object, move: Callable[..., Memory], by: By) -> bool:
    try:
        move(owner=owner, memory_id=memory_id, by=by)
    except (NotFound, Conflict):
        return False  # somebody was quicker
    return True
