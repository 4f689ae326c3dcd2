"""What verdicts on contexts teach: shorter after 'too long', more, and less certain, after 'missing something'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from accounts.models import User
from memories.models import ContextVerdict

_READ: Final = 20  # the latest verdicts
_STEP: Final = 1.15  # what one verdict changes the budget by, and the next older one a little less
_FADES: Final = 0.9
_LEAST: Final = 0.4
_MOST: Final = 2.5


@dataclass(frozen=True, slots=True)
class Learnt:
    """Factors on the budget that is used when none is given, and on the least score; from so many verdicts."""

    budget: float = 1.0
    threshold: float = 1.0
    verdicts: int = 0

    @property
    def note(self) -> str:
        """In plain words, or empty."""
        if self.budget == 1.0:
            return ""
        way = "less" if self.budget < 1 else "more"
        return f"Memories get {way} room than usual ({self.budget:.0%}), after your feedback."


def learnt_from(owner: User) -> Learnt:
    """From the latest verdicts, newer ones counting more. One query."""
    rows = ContextVerdict.objects.filter(owner=owner).order_by("-created_at", "-id").values_list("verdict", flat=True)
    power, weight = 0.0, 1.0
    read = list(rows[:_READ])
    for verdict in read:
        power += weight if verdict == ContextVerdict.Verdict.MISSING else -weight
        weight *= _FADES
    factor = max(_LEAST, min(_MOST, _STEP**power))
    return Learnt(round(factor, 2), round(min(1.0, 1 / factor), 2), len(read))
