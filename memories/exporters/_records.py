"""Rows as the lines of a MEMSHADOW export (docs/export-format.md); `services.restoring` reads them back."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from memories.fingerprints import same_by
from memories.models import Conversation, Memory, MemoryLink, MemoryRevision, SavedSearch, SealedVectors, Tag
from personas.models import Persona

Record = dict[str, Any]
VERSION = 1


def header(exported_at: datetime, counts: dict[str, int]) -> Record:
    """The first line: what this is, when it was made and how much there was then."""
    return {"memshadow_export": VERSION, "exported_at": _time(exported_at), "counts": counts}


def persona_record(persona: Persona) -> Record:
    """A persona; everything else names it by its name."""
    return {
        "type": "persona",
        "id": str(persona.id),
        "name": persona.name,
        "description": persona.description,
        "created_at": _time(persona.created_at),
    }


def tag_record(tag: Tag) -> Record:
    """A tag; memories name it by its name."""
    return {"type": "tag", "id": str(tag.id), "name": tag.name, "created_at": _time(tag.created_at)}


def conversation_record(conversation: Conversation) -> Record:
    """A conversation without its turns."""
    return {
        "type": "conversation",
        "id": str(conversation.id),
        "source": conversation.source,
        "external_id": conversation.external_id,
        "title": conversation.title,
        "model": conversation.model,
        "persona": conversation.persona.name if conversation.persona else None,
        "started_at": _time(conversation.started_at),
        "ended_at": _time(conversation.ended_at),
        "created_at": _time(conversation.created_at),
    }


def memory_record(memory: Memory, vectors: Sequence[SealedVectors] = ()) -> Record:
    """A memory with everything that is not derived from it; of a sealed one the vectors too, which a client made."""
    sealed = {"ciphertext": memory.ciphertext, "sealed_vectors": _vectors(vectors)} if memory.is_sealed else {}
    return sealed | {
        "type": "memory",
        "id": str(memory.id),
        "kind": memory.kind,
        "role": memory.role,
        "author": memory.author,
        "source": memory.source,
        "external_id": memory.external_id,
        "content": memory.content,
        "tags": sorted(tag.name for tag in memory.tags.all()),
        "metadata": memory.metadata,
        "language": memory.language,
        "importance": memory.importance,
        "pinned": memory.pinned,
        "state": memory.state,
        "persona": memory.persona.name if memory.persona else None,
        "conversation": _conversation_ref(memory.conversation),
        "occurred_at": _time(memory.occurred_at),
        "created_at": _time(memory.created_at),
        "updated_at": _time(memory.updated_at),
        "valid_from": _time(memory.valid_from),
        "valid_to": _time(memory.valid_to),
        "state_changed_at": _time(memory.state_changed_at),
        "sightings": memory.sightings,
        "last_seen_at": _time(memory.last_seen_at),
        "revision_count": memory.revision_count,
        "same_by": same_by(memory),
    }


def _vectors(rows: Sequence[SealedVectors]) -> Record:
    """By model: the dimension, and float16 numbers end to end in base64."""
    return {
        row.model_name: {"dimension": row.dimension, "float16": b64encode(bytes(row.packed)).decode()} for row in rows
    }


def _conversation_ref(conversation: Conversation | None) -> Record | None:
    """Its id, and what its source calls it: that finds it where it already is under another id."""
    if conversation is None:
        return None
    return {
        "id": str(conversation.id),
        "source": conversation.source,
        "external_id": conversation.external_id,
    }


def revision_record(revision: MemoryRevision, persona_names: dict[UUID, str]) -> Record:
    """A revision. A persona that still exists is named, so that undo finds it wherever this is restored."""
    snapshot = dict(revision.snapshot)
    persona_id = snapshot.get("persona_id")
    name = persona_names.get(UUID(persona_id)) if persona_id else None
    return {
        "type": "revision",
        "id": str(revision.id),
        "memory": str(revision.memory_id),
        "number": revision.number,
        "action": revision.action,
        "by_owner": revision.actor_id == revision.owner_id,
        "via": revision.via,
        "reason": revision.reason,
        "persona": name,
        "snapshot": snapshot,
        "created_at": _time(revision.created_at),
    }


def link_record(link: MemoryLink) -> Record:
    """A link between two memories."""
    return {
        "type": "link",
        "id": str(link.id),
        "from": str(link.from_memory_id),
        "to": str(link.to_memory_id),
        "relation": link.relation,
        "reason": link.reason,
        "created_at": _time(link.created_at),
    }


def saved_search_record(saved: SavedSearch) -> Record:
    """A saved search, in the language of the search box."""
    return {
        "type": "saved_search",
        "id": str(saved.id),
        "name": saved.name,
        "query": saved.query,
        "created_at": _time(saved.created_at),
        "last_used_at": _time(saved.last_used_at),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment is not None else None
