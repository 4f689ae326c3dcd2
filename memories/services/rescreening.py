"""Screening memories that were stored before there was screening, or with older rules: a sweep in batches."""

from __future__ import annotations

import logging

from django.db import transaction

from memories import screening
from memories.models import Memory
from memshadow.lib.errors import MemshadowError

logger = logging.getLogger(__name__)
_BATCH = 200
_COLUMNS = ["has_secret", "is_suspicious", "findings_sealed", "screening_version"]


def screen_pending(*, batches: int = 50) -> int:
    """Screen up to so many batches; returns how many memories. Nothing but what was found is changed."""
    total = 0
    for _ in range(batches):
        count = _screen_batch()
        total += count
        if count < _BATCH:
            break
    return total


@transaction.atomic
def _screen_batch() -> int:
    waiting = Memory.objects.filter(screening_version__lt=screening.VERSION).order_by("screening_version")
    rows = list(waiting.select_for_update(skip_locked=True)[:_BATCH])
    for memory in rows:
        _screen(memory)
    Memory.objects.bulk_update(rows, _COLUMNS)
    return len(rows)


def _screen(memory: Memory) -> None:
    memory.screening_version = screening.VERSION
    try:
        found = screening.findings_of(memory.content)
    except MemshadowError:
        logger.warning("Memory %s could not be read for screening", memory.id)
        return
    memory.has_secret, memory.is_suspicious = bool(found.secrets), bool(found.signs)
    memory.findings = found.stored()
