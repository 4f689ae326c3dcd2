"""Somebody asks for far more than usual: what a rate limit refuses is a signal, looked at once a minute at most."""

from __future__ import annotations

import time

from accounts.intrusion.raising import raise_signal
from accounts.limits.counting import Limit
from accounts.models import SecuritySignal, User
from memshadow.lib import request_context

_EVERY_S = 60.0
_SUBJECTS_MAX = 1000
_told: dict[str, float] = {}


def note_burst(limit: Limit, owner: User | None) -> None:
    """A limit was used up by this person, or without a person by an address. A flood of refusals costs nothing here."""
    moment = time.monotonic()
    if moment - _told.get(limit.key, -_EVERY_S) < _EVERY_S:
        return
    if len(_told) >= _SUBJECTS_MAX:
        _told.clear()
    _told[limit.key] = moment
    address = request_context.current().address
    apart = limit.name if owner is not None else f"{limit.name} {address}"
    raise_signal(SecuritySignal.Kind.BURST, owner=owner, address=address, apart=apart, limit=limit.requests)
