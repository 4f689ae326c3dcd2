"""Embeddings that turn up everywhere and never help are made again, at most once a month each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import connection

from memories import indexing
from memories.models import Memory
from memshadow.lib.clock import now

SHOWN_FOR: Final = 20  # different questions of the last month
AMONG_FIRST: Final = 10  # places of a result that a person sees
AGAIN_AFTER: Final = timedelta(days=30)
_MOST = 500

# Shown for many different questions while the answers of some were judged, and never one of those that helped.
_SUSPICIOUS = """
WITH shown AS (
    SELECT r.owner_id, s.memory_id, count(DISTINCT r.question_key) AS questions
    FROM memories_retrieval r, unnest(r.memory_ids[1:%(first)s]) AS s (memory_id)
    WHERE r.asked_at >= %(since)s GROUP BY r.owner_id, s.memory_id
    HAVING count(DISTINCT r.question_key) >= %(questions)s
)
SELECT m.id FROM shown s JOIN memories_memory m ON m.id = s.memory_id AND m.owner_id = s.owner_id
WHERE m.index_state = 'done' AND m.indexed_at < %(since)s AND NOT m.pinned
  AND NOT EXISTS (SELECT 1 FROM memories_feedback f WHERE f.memory_id = m.id AND f.verdict = 'useful')
  AND EXISTS (SELECT 1 FROM memories_feedback f
              WHERE f.owner_id = m.owner_id AND f.memory_id = m.id AND f.verdict IN ('not_useful', 'passed'))
ORDER BY s.questions DESC LIMIT %(most)s
"""


def refresh_suspicious() -> int:
    """Queue such memories for indexing again; returns how many."""
    since = now() - AGAIN_AFTER
    named: dict[str, Any] = {"first": AMONG_FIRST, "since": since, "questions": SHOWN_FOR, "most": _MOST}
    with connection.cursor() as cursor:
        cursor.execute(_SUSPICIOUS, named)
        ids = [row[0] for row in cursor.fetchall()]
    return indexing.queue_again(Memory.objects.filter(id__in=ids)) if ids else 0
