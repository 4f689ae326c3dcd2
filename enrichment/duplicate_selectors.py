"""Reads: pairs of memories that say nearly the same, and what is done with them without asking."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from enrichment.models import DuplicatePair, DuplicatePolicy
from memories.models import State

_State = DuplicatePair.State


def pairs_of(owner: User, *, state: str = _State.OPEN) -> QuerySet[DuplicatePair]:
    """Pairs in one state; those that wait only while both memories are active."""
    rows = DuplicatePair.objects.filter(owner=owner, state=state).select_related("first", "second", "owner")
    if state == _State.OPEN:
        rows = rows.filter(first__state=State.ACTIVE, second__state=State.ACTIVE)
    return rows


def policy_of(owner: User) -> str:
    """What is done without asking."""
    row = DuplicatePolicy.objects.filter(owner=owner).first()
    return row.choice if row else DuplicatePolicy.Choice.PROPOSE
