"""What a parsed item becomes: drafts for capture, in the order of the conversation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from memories.documents import split_draft
from memories.drafts import EXTERNAL_ID_MAX_CHARS, ConversationRef, MemoryDraft
from memories.importers.items import ParsedConversation, ParsedDocument
from memories.injected import strip_injected
from memories.models import Kind, MemoryRole
from memshadow.lib.clock import now


def conversation_drafts(parsed: ParsedConversation, *, source: str, persona_id: UUID | None) -> list[MemoryDraft]:
    """One draft a turn. A turn without a time takes that of the turn before it, so that the order holds."""
    ref = ConversationRef(
        external_id=parsed.external_id[:EXTERNAL_ID_MAX_CHARS],
        title=parsed.title,
        model=parsed.model,
        started_at=parsed.started_at,
        ended_at=parsed.ended_at,
    )
    moment = parsed.started_at or _first_time(parsed) or now()
    drafts = []
    for turn in parsed.turns:
        moment = max(moment, turn.occurred_at) if turn.occurred_at else moment
        metadata = dict(turn.metadata) | ({"model": turn.model} if turn.model else {})
        drafts.append(
            MemoryDraft(
                content=strip_injected(turn.content),
                kind=Kind.TURN,
                role=turn.role if turn.role in MemoryRole.values else MemoryRole.NONE,
                author=turn.author,
                source=source,
                external_id=turn.external_id[:EXTERNAL_ID_MAX_CHARS],
                conversation=ref,
                persona_id=persona_id,
                tags=parsed.tags,
                metadata=metadata,
                occurred_at=turn.occurred_at or moment,
            )
        )
    if drafts and parsed.metadata:
        drafts[0] = replace(drafts[0], metadata=drafts[0].metadata | {"conversation": parsed.metadata})
    return [part for draft in drafts for part in split_draft(draft)]


def document_drafts(parsed: ParsedDocument, *, source: str, persona_id: UUID | None) -> list[MemoryDraft]:
    """The document, in parts when it is longer than one memory may be."""
    title = {"title": parsed.title} if parsed.title else {}
    return split_draft(
        MemoryDraft(
            content=strip_injected(parsed.content),
            kind=parsed.kind if parsed.kind in Kind.values else Kind.DOCUMENT,
            source=source,
            external_id=parsed.external_id[:EXTERNAL_ID_MAX_CHARS],
            persona_id=persona_id,
            tags=parsed.tags,
            metadata=title | parsed.metadata,
            occurred_at=parsed.occurred_at,
        )
    )


def _first_time(parsed: ParsedConversation) -> datetime | None:
    return next((turn.occurred_at for turn in parsed.turns if turn.occurred_at), None)
