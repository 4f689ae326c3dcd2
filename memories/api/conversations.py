"""Conversations and their turns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import Q
from ninja import Router
from pydantic import BaseModel, Field

from accounts.models import User
from accounts.scopes import ApiRequest, scope
from memories import selectors
from memories.access import conversation_or_404
from memories.models import Conversation
from memories.schemas import MemoryOut, MemoryPageOut, PersonaRef, persona_ref
from memshadow.lib.paging import decode_cursor, encode_cursor
from memshadow.lib.strict import PageQuery, StrictQuery

router = Router(tags=["Conversations"])


class ConversationQuery(PageQuery):
    """A page of conversations."""

    source: str = Field(default="", max_length=40, description="Only those of this source.")


class ConversationOut(BaseModel):
    """A conversation with a model."""

    id: UUID
    source: str
    external_id: str
    title: str
    model: str
    persona: PersonaRef | None
    started_at: datetime
    ended_at: datetime | None
    created_at: datetime
    turn_count: int

    @classmethod
    def of(cls, row: Conversation, turn_count: int) -> ConversationOut:
        """From a row."""
        own = [name for name in cls.model_fields if name not in ("persona", "turn_count")]
        plain = {name: getattr(row, name) for name in own}
        return cls(**plain, persona=persona_ref(row), turn_count=turn_count)


class ConversationPageOut(BaseModel):
    """A page of conversations."""

    items: list[ConversationOut]
    next_cursor: str | None


@router.get("/conversations", auth=scope("memories:read"), response=ConversationPageOut)
def list_conversations(
    request: ApiRequest, query: Annotated[ConversationQuery, StrictQuery(...)]
) -> ConversationPageOut:
    """List conversations, newest first."""
    page = selectors.conversation_page(request.auth.owner, source=query.source, cursor=query.cursor, limit=query.limit)
    items = [ConversationOut.of(row, getattr(row, "turn_count", 0)) for row in page.items]
    return ConversationPageOut(items=items, next_cursor=page.next_cursor)


@router.get("/conversations/{uuid:conversation_id}", auth=scope("memories:read"), response=ConversationOut)
def get_conversation(request: ApiRequest, conversation_id: UUID) -> ConversationOut:
    """Read one conversation; its turns have an address of their own."""
    owner = request.auth.owner
    conversation = conversation_or_404(owner, conversation_id)
    return ConversationOut.of(conversation, selectors.turns_of(owner, conversation).count())


@router.get("/conversations/{uuid:conversation_id}/turns", auth=scope("memories:read"), response=MemoryPageOut)
def list_turns(
    request: ApiRequest, conversation_id: UUID, query: Annotated[PageQuery, StrictQuery(...)]
) -> MemoryPageOut:
    """List a conversation's turns in the order in which they happened."""
    owner = request.auth.owner
    return _turn_page(owner, conversation_or_404(owner, conversation_id), query)


def _turn_page(owner: User, conversation: Conversation, query: PageQuery) -> MemoryPageOut:
    rows = selectors.turns_of(owner, conversation)
    if query.cursor:
        _, at, key = decode_cursor(query.cursor)
        rows = rows.filter(Q(occurred_at__gt=at) | Q(occurred_at=at, id__gt=key))
    found = list(rows[: query.limit + 1])
    items = found[: query.limit]
    more = len(found) > query.limit
    return MemoryPageOut(
        items=[MemoryOut.of(memory) for memory in items],
        next_cursor=encode_cursor(items[-1].occurred_at, items[-1].id) if more else None,
    )
