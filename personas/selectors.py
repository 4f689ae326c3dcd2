"""Reading personas, always through their owner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound
from personas.models import Persona, Retention


def personas_for(owner: User) -> list[Persona]:
    """Everything that the owner calls a persona, by name."""
    return sorted(Persona.objects.filter(owner=owner), key=lambda p: p.name.casefold())


def persona_or_404(owner: User, persona_id: UUID) -> Persona:
    """One persona. Raises NotFound when it does not exist or is someone else's."""
    persona = Persona.objects.filter(owner=owner, id=persona_id).first()
    if persona is None:
        raise NotFound("There is no persona of yours with this id.")
    return persona


def memory_counts(owner: User) -> dict[UUID, int]:
    """How many memories each of the owner's personas has, the trash left out."""
    rows = Persona.objects.filter(owner=owner).annotate(n=Count("memories", filter=~Q(memories__state="deleted")))
    return dict(rows.values_list("id", "n"))


def retention_count(persona: Persona, days: int, action: str) -> int:
    """How many of the persona's memories such a rule would move now."""
    return memories_past(persona, days, action).count()


def memories_past(persona: Persona, days: int, action: str) -> QuerySet[Any]:
    """Those stored longer ago than that which the rule moves: not pinned, and where it would bring them not already."""
    states = ["active"] if action == Retention.ARCHIVE else ["active", "archived"]
    before = now() - timedelta(days=days)
    rows: QuerySet[Any] = persona.memories.filter(created_at__lt=before, pinned=False, state__in=states)
    return rows
