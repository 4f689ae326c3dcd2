"""What workers run: sweeps over rows that say what is pending. Each may run at any time, twice, or not at all."""

from __future__ import annotations

from memories import embedding_usage, indexing
from memories.gateway.pruning import prune_gateway
from memories.index_report import report_index
from memories.services import (
    acronyms,
    feedback,
    import_running,
    importing,
    learning,
    moving,
    refreshing,
    rescreening,
    retaining,
    rules,
    switching,
    webhook_sending,
)
from memories.services.idempotency import prune_idempotency_records


def index_pending() -> int:
    """Embed what waits for it; returns how many memories were indexed."""
    try:
        return indexing.index_pending(for_s=20.0)
    finally:
        embedding_usage.flush()


def build_embeddings() -> int:
    """Go on building generations of vectors, and clear away what was dropped; returns how many memories it embedded."""
    try:
        return switching.build_pending(for_s=20.0)
    finally:
        embedding_usage.flush()


def run_imports() -> int:
    """Run waiting imports one after the other; returns how many."""
    count = 0
    while import_running.run_next_import():
        count += 1
    return count


def move_memories() -> int:
    """Move what goes into a space or comes home; returns how many memories were looked at."""
    return moving.move_pending(for_s=20.0)


def learn() -> int:
    """Let feedback and new texts teach; returns how many verdicts and memories were looked at."""
    feedback.forget_typing()
    return learning.learn_from_feedback() + acronyms.learn_acronyms()


def screen() -> int:
    """Screen memories that were stored under older rules; returns how many."""
    return rescreening.screen_pending()


def apply_retention() -> int:
    """Move memories that are past their persona's time; returns how many."""
    return retaining.apply_retention()


def deliver_webhooks() -> int:
    """Send webhooks what they are to be told; returns how many messages arrived."""
    return webhook_sending.deliver_pending(for_s=20.0)


def tidy() -> None:
    """Remove what nobody needs any more, and have embeddings made again that turn up where they do not belong."""
    importing.prune_uploads()
    prune_idempotency_records()
    feedback.prune_retrievals()
    rules.drop_unfounded()
    refreshing.refresh_suspicious()
    embedding_usage.prune()
    prune_gateway()
    webhook_sending.prune_deliveries()


def look_at_index() -> None:
    """Measure how true and tidy the search index is, for the quality page."""
    report_index()
