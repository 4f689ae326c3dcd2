"""How much a memory matters, from what its owner and its use say, with every reason. Search does not rank by it.

A score of 0 to 1: half, raised or lowered by each reason, and faded by time since the memory was last of use. What can
fade halves every HALF_LIFE, down to FLOOR of the whole; what is pinned does not fade.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Max, Q

from accounts.models import User
from memories.models import Feedback, Memory, Verdict
from memshadow.lib.clock import now

HALF_LIFE: Final = timedelta(days=180)
FLOOR: Final = 0.4
_START: Final = 0.5
_PIN: Final = 0.25
_BY_OWNER: Final = 0.4
_VERDICT: Final = 0.1
_VERDICTS_MAX: Final = 0.2
_USE: Final = 0.05
_USES_MAX: Final = 0.15
_SEEN: Final = 0.04
_SEEN_MAX: Final = 0.1


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a memory matters more or less, and by how much of the score."""

    text: str
    effect: float

    @property
    def points(self) -> str:
        """As points of a hundred, with its sign."""
        return f"{self.effect * 100:+.0f}"


@dataclass(frozen=True, slots=True)
class Weight:
    """The score, its reasons, since when it was of no use, and what time has left of it (1: all)."""

    score: float
    reasons: list[Reason]
    last_used_at: datetime
    kept: float


def weight_of(owner: User, memory: Memory) -> Weight:
    """How much it matters now."""
    said = Feedback.objects.filter(owner=owner, memory=memory).exclude(verdict=Verdict.PASSED)
    figures = said.aggregate(
        useful=Count("id", filter=Q(implicit=False, verdict=Verdict.USEFUL)),
        not_useful=Count("id", filter=Q(implicit=False, verdict=Verdict.NOT_USEFUL)),
        uses=Count("id", filter=Q(implicit=True)),
        last=Max("created_at", filter=Q(verdict=Verdict.USEFUL)),
    )
    reasons = [one for one in _reasons(memory, figures["useful"], figures["not_useful"], figures["uses"]) if one.effect]
    last = max(memory.occurred_at, memory.last_seen_at, figures["last"] or memory.occurred_at)
    kept = 1.0 if memory.pinned else _kept(now() - last)
    full = min(1.0, max(0.0, _START + sum(one.effect for one in reasons)))
    return Weight(round(full * kept, 3), reasons, last, round(kept, 3))


def _reasons(memory: Memory, useful: int, not_useful: int, uses: int) -> list[Reason]:
    stated = memory.importance - 0.5
    return [
        Reason("You pinned it", _PIN * memory.pinned),
        Reason("You marked it as important" if stated > 0 else "You marked it as less important", _BY_OWNER * stated),
        Reason(f"Said to be useful ({useful} ×)", min(_VERDICTS_MAX, _VERDICT * useful)),
        Reason(f"Said not to be useful ({not_useful} ×)", -min(_VERDICTS_MAX, _VERDICT * not_useful)),
        Reason(f"Opened, copied or put into a prompt ({uses} ×)", min(_USES_MAX, _USE * math.log2(1 + uses))),
        Reason(f"Came up {memory.sightings} times", min(_SEEN_MAX, _SEEN * (memory.sightings - 1))),
    ]


def _kept(age: timedelta) -> float:
    """What is left after a time: exponential forgetting (Ebbinghaus 1885) down to FLOOR."""
    return FLOOR + (1 - FLOOR) * math.exp2(-max(0.0, age / HALF_LIFE))
