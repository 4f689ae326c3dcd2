"""The columns of the CSV and Parquet exports: one row a memory."""

from __future__ import annotations

import json
from typing import Any

from memories.models import Memory
from memories.rendering import plain_title

COLUMNS = (
    "id",
    "kind",
    "role",
    "author",
    "title",
    "content",
    "tags",
    "source",
    "external_id",
    "persona",
    "conversation_id",
    "conversation_title",
    "state",
    "pinned",
    "importance",
    "language",
    "occurred_at",
    "created_at",
    "updated_at",
    "sightings",
    "metadata",
)


def table_row(memory: Memory) -> dict[str, Any]:
    """The memory's columns as Python values; `metadata` is JSON text."""
    conversation = memory.conversation
    return {
        "id": str(memory.id),
        "kind": memory.kind,
        "role": memory.role,
        "author": memory.author,
        "title": plain_title(memory),
        "content": memory.carried_text,
        "tags": sorted(tag.name for tag in memory.tags.all()),
        "source": memory.source,
        "external_id": memory.external_id,
        "persona": memory.persona.name if memory.persona else "",
        "conversation_id": str(conversation.id) if conversation else "",
        "conversation_title": conversation.title if conversation else "",
        "state": memory.state,
        "pinned": memory.pinned,
        "importance": memory.importance,
        "language": memory.language,
        "occurred_at": memory.occurred_at,
        "created_at": memory.created_at,
        "updated_at": memory.updated_at,
        "sightings": memory.sightings,
        "metadata": json.dumps(memory.metadata, ensure_ascii=False) if memory.metadata else "",
    }
