"""Acronyms from the owner's own text, as a sweep: 'Service Level Objective (SLO)' makes either find the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from memories.models import IndexState, LearntRule, Memory, RuleEvidence, State
from memories.questions import acronym_pairs
from memories.rendering import plain_title
from memories.services.rules import Lesson, settle, teach
from memshadow.lib.clock import now

BATCH: Final = 200
MOST: Final = 10_000  # memories a sweep


def learn_acronyms(most: int = MOST) -> int:
    """Read acronyms out of memories that were indexed since they were last read; returns how many were read."""
    total = 0
    while total < most and (read := _batch()):
        total += read
    return total


@transaction.atomic
def _batch() -> int:
    """Claim some memories, oldest first, and mark them read."""
    moment = now()
    claimed = _unread().select_for_update(skip_locked=True, of=("self",)).order_by("indexed_at")
    rows = sorted(claimed[:BATCH], key=attrgetter("owner_id"))
    for owner_id, memories in groupby(rows, key=attrgetter("owner_id")):
        _learn(owner_id, list(memories))
    Memory.objects.filter(id__in=[row.id for row in rows]).update(learnt_at=moment)
    return len(rows)


def _unread() -> QuerySet[Memory]:
    stale = Q(learnt_at=None) | Q(learnt_at__lt=F("indexed_at"))
    return Memory.objects.filter(stale, index_state=IndexState.DONE)


def _learn(owner_id: UUID, memories: Sequence[Memory]) -> None:
    """What these texts said before no longer counts; what they say now does."""
    before = RuleEvidence.objects.filter(memory__in=memories, rule__kind=LearntRule.Kind.ACRONYM)
    rules = list(before.values_list("rule_id", flat=True))
    before.delete()
    lessons = [
        Lesson(LearntRule.Kind.ACRONYM, (short,), tuple(long.split()), memory.id, because=_because(memory))
        for memory in memories
        if memory.state != State.DELETED
        for short, long in acronym_pairs(memory.content)
    ]
    if lessons:
        teach(owner_id=owner_id, lessons=lessons)
    settle(rules)


def _because(memory: Memory) -> dict[str, str]:
    return {"memory": plain_title(memory, 80)}
