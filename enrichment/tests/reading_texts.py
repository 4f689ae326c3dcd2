"""Memories read by steps as the pipeline does: run, stored, recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from enrichment.models import Enrichment
from enrichment.protocol import StepInput
from enrichment.registry import step_named
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory


def kept(owner: User, text: str, at: datetime | None = None, talk: str = "", **parts: Any) -> Memory:
    """A memory of that time, in the conversation of that title."""
    reference = ConversationRef(external_id=talk, title=talk) if talk else None
    draft = MemoryDraft(content=text, occurred_at=at, conversation=reference, language="en", **parts)
    return capture_memory(owner=owner, draft=draft).memory


def read(step_name: str, memories: Sequence[Memory]) -> list[dict[str, Any]]:
    """Run a step on memories of one owner, with the results of those that it reads, and store what it finds."""
    step = step_named(step_name)
    items = [
        StepInput(
            m.id,
            m.owner_id,
            m.content,
            m.kind,
            m.author,
            m.role,
            m.language,
            m.occurred_at,
            m.conversation_id,
            {name: row.result for name in step.inputs for row in Enrichment.objects.filter(memory=m, step=name)},
        )
        for m in memories
    ]
    results = [dict(outcome.result) for outcome in step.run(items)]
    with transaction.atomic():
        for memory, result in zip(memories, results, strict=True):
            Enrichment.objects.filter(memory=memory, step=step_name).delete()
            row = Enrichment(owner_id=memory.owner_id, memory=memory, step=step_name, version=step.version)
            row.state, row.finished_at, row.revision = "done", timezone.now(), memory.revision_count
            row.result = result
            row.save()
        step.record(list(zip(items, results, strict=True)))
    return results
