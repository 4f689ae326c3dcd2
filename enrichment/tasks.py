"""What workers run for enrichment. Each may run at any time, twice, or not at all."""

from __future__ import annotations

from enrichment.services.forgetting import forget_unmentioned, forget_verdicts


def forget() -> int:
    """Forget names that no memory mentions, and verdicts on what none states; returns how many entities went."""
    count = 0
    forget_verdicts()
    while gone := forget_unmentioned():
        count += gone
    return count
