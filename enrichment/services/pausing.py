"""Pause: a step, or all of them, rests until somebody lets it go on. What is in hand is finished."""

from __future__ import annotations

from accounts.audit import record
from accounts.models import User
from enrichment.models import StepPause
from enrichment.registry import step_named


def pause(*, actor: User, step: str = "") -> None:
    """Let a step rest, or with no name everything. Raises NotFound."""
    if step:
        step_named(step)
    StepPause.objects.get_or_create(step=step)
    record("enrichment.paused", actor=actor, step=step or "everything")


def resume(*, actor: User, step: str = "") -> None:
    """Let it go on. Raises NotFound."""
    if step:
        step_named(step)
    StepPause.objects.filter(step=step).delete()
    record("enrichment.resumed", actor=actor, step=step or "everything")
