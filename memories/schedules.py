"""When the sweeps run regardless of wake-ups, so that a lost one costs a minute and never a memory."""

from __future__ import annotations

from memshadow.lib.jobs import every


def keep_schedules() -> None:
    """Make the schedules that are missing and bring the others up to date."""
    every(1, "memories.tasks.index_pending", "Index pending memories")
    every(1, "memories.tasks.build_embeddings", "Build embeddings")
    every(1, "memories.tasks.run_imports", "Run waiting imports")
    every(1, "memories.tasks.move_memories", "Move memories into and out of spaces")
    every(1, "memories.tasks.deliver_webhooks", "Deliver webhooks")
    every(5, "memories.tasks.screen", "Screen memories from before")
    every(5, "memories.tasks.learn", "Learn from feedback")
    every(60, "memories.tasks.tidy", "Tidy up")
    every(24 * 60, "memories.tasks.apply_retention", "Apply retention rules")
    every(24 * 60, "memories.tasks.look_at_index", "Look at the search index")
