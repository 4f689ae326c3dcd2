"""Near-duplicates that wait for a decision. The same text twice cannot be: the database refuses it."""

from __future__ import annotations

from enrichment.maintenance._finding import Check, Finding
from enrichment.models import DuplicatePair


def _duplicates(mend: bool) -> Finding:
    """Whether they are merged is each owner's policy, which is followed when a memory is read; never decided here."""
    waiting = DuplicatePair.objects.filter(state=DuplicatePair.State.OPEN).count()
    merged = DuplicatePair.objects.filter(state=DuplicatePair.State.MERGED).count()
    says = f"{waiting:,} pairs wait for their owners." if waiting else "No pair waits for its owner."
    return Finding(waiting, says, figures={"merged_until_now": merged})


DUPLICATES = Check("duplicates", "Near-duplicates", _duplicates)
