"""Leases on what is in hand: short, and renewed while its process lives, so that a dead one's is soon free again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError, connection

from enrichment.models import Enrichment
from enrichment.protocol import Cost
from memshadow.lib.clock import now

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=90)
_RENEW_EVERY_S: Final = 30.0
# A batch that takes longer than this hangs, and others may have it.
HOLD_MAX: Final = {
    Cost.CHEAP: timedelta(minutes=3),
    Cost.LIGHT: timedelta(minutes=5),
    Cost.HEAVY: timedelta(minutes=15),
    Cost.REMOTE: timedelta(minutes=30),
}


@contextmanager
def kept(claim: UUID | None, *, at_most: timedelta, every_s: float = _RENEW_EVERY_S) -> Iterator[None]:
    """Renew the lease of a claim until the block ends, or for so long at most."""
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(claim, at_most, every_s, ended), name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()


def _renew(claim: UUID | None, at_most: timedelta, every_s: float, ended: threading.Event) -> None:
    until = time.monotonic() + at_most.total_seconds()
    while not ended.wait(every_s) and time.monotonic() < until:
        try:
            Enrichment.objects.filter(claim=claim, state=Enrichment.State.RUNNING).update(lease_until=now() + LEASE)
        except DatabaseError:
            logger.exception("A lease could not be renewed; it is tried again before it ends")
        finally:
            connection.close()
