"""What goes in and out of the JSON API about near-duplicates."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from enrichment.models import DuplicatePair
from memshadow.lib.strict import StrictModel

PairState = Literal["open", "merged", "kept"]
Policy = Literal["propose", "merge"]


class PairQuery(StrictModel):
    """A page of pairs."""

    state: PairState = Field(default="open", description="open waits for a decision; kept: both stay.")
    cursor: str | None = Field(default=None, max_length=200, description="`next_cursor` of the page before.")
    limit: int = Field(default=50, ge=1, le=200)


class PairOut(BaseModel):
    """Two memories that say nearly the same."""

    id: UUID
    first_id: UUID = Field(description="The memory that was captured first.")
    second_id: UUID
    words: float = Field(description="The share of all their words that both have, 0 to 1.")
    meaning: float | None = Field(description="The cosine of their vectors.")
    state: str
    is_by_machine: bool = Field(description="Merged by the policy, without asking.")
    found_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, row: DuplicatePair) -> PairOut:
        """From a row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class PairPageOut(BaseModel):
    """A page of pairs, newest first."""

    items: list[PairOut]
    next_cursor: str | None


class PairMergeIn(StrictModel):
    """Which of the two stays."""

    keep_id: UUID


class PolicyPut(StrictModel):
    """What is done without asking."""

    policy: Policy = Field(description="merge: what is nearly word for word the same is merged; the rest is proposed.")


class PolicyOut(BaseModel):
    """What is done without asking."""

    policy: Policy

    @classmethod
    def of(cls, choice: str) -> PolicyOut:
        """From what is stored."""
        return cls.model_validate({"policy": choice})
