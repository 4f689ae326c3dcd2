"""What workers run: sweeps over rows that say what is pending. Each may run at any time, twice, or not at all."""

from __future__ import annotations

from memories import embedding_usage, indexing
from memories.index_report import report_index
from memories.services import acronyms, feedback, import_running, importing, learning, refreshing, rules, switching
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


def learn() -> int:
    """Let feedback and new texts teach; returns how many verdicts and memories were looked at."""
    feedback.forget_typing()
    return learning.learn_from_feedback() + acronyms.learn_acronyms()


def tidy() -> None:
    """Remove what nobody needs any more, and have embeddings made again that turn up where they do not belong."""
    importing.prune_uploads()
    prune_idempotency_records()
    feedback.prune_retrievals()
    rules.drop_unfounded()
    refreshing.refresh_suspicious()
    embedding_usage.prune()


def look_at_index() -> None:
    """Measure how true and tidy the search index is, for the quality page."""
    report_index()
