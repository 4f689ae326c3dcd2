"""The owner's numbers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from ninja import Router
from pydantic import BaseModel, Field

from accounts.scopes import ApiRequest, scope
from memories.selectors import stats_for

router = Router(tags=["Account"])


class StatsOut(BaseModel):
    """Counts; the trash is in `by_state` only."""

    memories: int
    conversations: int
    tags: int
    size_bytes: int
    by_state: dict[str, int]
    by_kind: dict[str, int]
    by_source: dict[str, int]
    pending: int = Field(description="Waiting for the search index.")
    failed: int = Field(description="Given up by the search index.")
    newest_at: datetime | None


@router.get("/stats", auth=scope("memories:read"), response=StatsOut)
def get_stats(request: ApiRequest) -> StatsOut:
    """Count what is remembered."""
    return StatsOut(**asdict(stats_for(request.auth.owner)))
