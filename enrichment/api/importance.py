"""How much a memory matters, and why."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Router
from pydantic import BaseModel, Field

from accounts.scopes import ApiRequest, scope
from enrichment.weighing import Weight, weight_of
from memories.access import memory_or_404

router = Router(tags=["Importance"])


class ReasonOut(BaseModel):
    """Why a memory matters more or less."""

    text: str
    effect: float


class ImportanceOut(BaseModel):
    """How much a memory matters, from what its owner and its use say. Search does not rank by it."""

    score: float = Field(description="0 to 1: half, with the effects of all reasons, times what time has left.")
    reasons: list[ReasonOut]
    last_used_at: datetime
    kept: float = Field(description="What time has left of it: 1 is all.")

    @classmethod
    def of(cls, one: Weight) -> ImportanceOut:
        """From what was worked out."""
        reasons = [ReasonOut(text=reason.text, effect=round(reason.effect, 3)) for reason in one.reasons]
        return cls(score=one.score, reasons=reasons, last_used_at=one.last_used_at, kept=one.kept)


@router.get("/memories/{uuid:memory_id}/importance", auth=scope("memories:read"), response=ImportanceOut)
def get_importance(request: ApiRequest, memory_id: UUID) -> ImportanceOut:
    """Say how much a memory matters, with every reason."""
    owner = request.auth.owner
    return ImportanceOut.of(weight_of(owner, memory_or_404(owner, memory_id)))
