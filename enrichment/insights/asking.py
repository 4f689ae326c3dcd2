"""Questions that the owner left open: asked in a note, or at the end of a talk, without an answer after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from accounts.models import User
from enrichment.insights._owner import Own
from enrichment.prose import sentences
from memories import generations
from memories.models import Memory, SearchEntry, State
from memories.questions import Cue

_WINDOW: Final = timedelta(days=90)
_READ: Final = 400


@dataclass(frozen=True, slots=True)
class Open:
    """A question, and the memory that asks it."""

    text: str
    memory: Memory


def open_questions(owner: User, own: Own, moment: datetime, limit: int = 10) -> list[Open]:
    """The newest of the last 90 days."""
    later = Memory.objects.filter(
        conversation=OuterRef("conversation"), occurred_at__gte=OuterRef("occurred_at"), state=State.ACTIVE
    ).filter(Q(occurred_at__gt=OuterRef("occurred_at")) | Q(id__gt=OuterRef("id")))
    rows = Memory.objects.filter(owner=owner, state=State.ACTIVE, id__in=_asking(owner, moment))
    rows = rows.annotate(answered=Exists(later)).filter(Q(conversation=None) | Q(answered=False))
    found = [Open(question, row) for row in rows.order_by("-occurred_at", "-id") if (question := _question(row, own))]
    return found[:limit]


def _asking(owner: User, moment: datetime) -> list[UUID]:
    entries = SearchEntry.objects.filter(
        owner_id=owner.id,
        embedding_model_id=generations.active().id,
        state=State.ACTIVE,
        role__in=["", "user"],
        occurred_at__range=(moment - _WINDOW, moment),
    )
    asking = entries.annotate(asks=F("cues").bitand(int(Cue.QUESTION))).filter(asks__gt=0)
    return list(asking.order_by("-occurred_at").values_list("memory_id", flat=True)[:_READ])


def _question(row: Memory, own: Own) -> str:
    """The last sentence that asks; empty where somebody else does, or none does."""
    if not own.wrote(row):
        return ""
    asked = [sentence for _, sentence in sentences(row.content) if sentence.endswith(("?", "？"))]
    return asked[-1] if asked else ""
