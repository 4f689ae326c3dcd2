"""How a memory sounds."""

from __future__ import annotations

from uuid import UUID

from ninja import Router

from accounts.scopes import ApiRequest, scope
from enrichment.selectors import result_of
from enrichment.sentiment_schemas import SentimentOut
from enrichment.steps.sentiment import NAME
from memories.access import memory_or_404

router = Router(tags=["Sentiment"])


@router.get("/memories/{uuid:memory_id}/sentiment", auth=scope("memories:read"), response=SentimentOut)
def get_sentiment(request: ApiRequest, memory_id: UUID) -> SentimentOut:
    """Say how a memory sounds, and which of its sentences lean most."""
    owner = request.auth.owner
    memory = memory_or_404(owner, memory_id)
    return SentimentOut.of(memory, result_of(owner, memory.id, NAME))
