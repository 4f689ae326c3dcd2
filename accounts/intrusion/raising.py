"""Raising a signal: once in a while for the same thing, recorded in the audit trail too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accounts.audit import record
from accounts.models import SecuritySignal, User
from memshadow.lib import jobs
from memshadow.lib.clock import now

SAME_FOR = timedelta(hours=1)
MAIL_TASK = "accounts.tasks.mail_signals"


def raise_signal(
    kind: str,
    *,
    owner: User | None,
    address: str | None = None,
    device: str = "",
    apart: str = "",
    **details: Any,
) -> SecuritySignal | None:
    """A new signal, or None when the same one was raised within the hour.

    The same is the same kind for the same owner, and `apart` tells those of one kind from each other. `owner` None: it
    concerns the server.
    """
    since = now() - SAME_FOR
    recent = SecuritySignal.objects.filter(kind=kind, owner=owner, created_at__gte=since, details__apart=apart)
    if recent.exists():
        return None
    signal = SecuritySignal.objects.create(
        kind=kind, owner=owner, address=address, device=device, details={**details, "apart": apart}
    )
    record(f"signal.{kind}", actor=None, target=owner, address=address, device=device, **details)
    jobs.wake(MAIL_TASK)
    return signal
