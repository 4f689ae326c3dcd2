"""What workers run: sweeps over rows that say what is pending. Each may run at any time, twice, or not at all."""

from __future__ import annotations

from memories import indexing
from memories.services import import_running, importing
from memories.services.idempotency import prune_idempotency_records


def index_pending() -> int:
    """Embed what waits for it; returns how many memories were indexed."""
    return indexing.index_pending(for_s=20.0)


def run_imports() -> int:
    """Run waiting imports one after the other; returns how many."""
    count = 0
    while import_running.run_next_import():
        count += 1
    return count


def tidy() -> None:
    """Remove what nobody needs any more: stored uploads and old idempotency records."""
    importing.prune_uploads()
    prune_idempotency_records()
