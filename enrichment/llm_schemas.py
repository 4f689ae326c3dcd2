"""What goes in and out of the JSON API about language models that enrichment asks, and what they propose."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from enrichment.models import LlmCall, LlmSetting, Proposal
from enrichment.services.asking_models import Spent
from memshadow.lib.strict import Flag, PageQuery, StrictModel

_SAID = ("system", "prompt", "answers", "trouble")
ProposalKind = Literal["summary", "technical", "question", "insight", "add", "update", "supersede"]
ProposalState = Literal["open", "accepted", "rejected"]


class LlmIn(StrictModel):
    """What is asked of whom. Nothing is sent unless `is_on`."""

    is_on: Flag
    upstream_id: UUID | None = Field(default=None, description="One of your model servers (GET /gateway/upstreams).")
    is_local: Flag = Field(default=False, description="The model in this server's own process, where there is one.")
    model: str = Field(default="", max_length=120, examples=["gpt-5-mini"])
    steps: list[str] = Field(default=[], max_length=20, examples=[["llm-facts"]])
    tokens_a_day: int = Field(default=50_000, ge=1)
    usd_a_day: Decimal = Field(default=Decimal("0.50"), ge=0)
    from_now: Flag = Field(default=True, description="false: memories that are there already are sent too.")
    excluded_personas: list[UUID] = Field(default=[], max_length=500)
    excluded_tags: list[UUID] = Field(default=[], max_length=500)


class LlmOut(BaseModel):
    """What is asked of whom, and what it took today."""

    is_on: bool
    upstream_id: UUID | None
    is_local: bool
    model: str
    steps: list[str]
    tokens_a_day: int
    usd_a_day: Decimal
    since: datetime | None = Field(description="Memories captured before are not sent; null: all may be.")
    excluded_personas: list[UUID]
    excluded_tags: list[UUID]
    rests_until: datetime | None = Field(description="The server did not answer: it is not asked before then.")
    tokens_today: int
    usd_today: Decimal

    @classmethod
    def of(cls, row: LlmSetting, spent: Spent) -> Self:
        """From a row."""
        own = [name for name in cls.model_fields if not name.endswith("_today")]
        plain: dict[str, Any] = {name: getattr(row, name) for name in own}
        return cls(**plain, tokens_today=spent.tokens, usd_today=spent.usd)


class LlmCallOut(BaseModel):
    """One question: what was sent, and what came of it."""

    id: UUID
    memory_id: UUID
    step: str
    host: str
    model: str
    ending: str
    input_tokens: int
    output_tokens: int
    cost_microusd: int | None
    took_ms: int
    created_at: datetime
    system: str
    prompt: str
    answers: list[str]
    trouble: str = Field(default="", description="What the server said where it gave no answer.")

    @classmethod
    def of(cls, row: LlmCall) -> Self:
        """From a row."""
        own = [name for name in cls.model_fields if name not in _SAID]
        plain: dict[str, Any] = {name: getattr(row, name) for name in own}
        return cls(**plain, **row.said)


class LlmCallPageOut(BaseModel):
    """A page of questions, newest first."""

    items: list[LlmCallOut]
    next_cursor: str | None


class ProposalQuery(PageQuery):
    """Which proposals."""

    state: ProposalState = "open"
    kind: ProposalKind | None = None


class ProposalOut(BaseModel):
    """What a model proposes of a memory; `quote` stands in it, `target_id` is the fact that would change."""

    id: UUID
    memory_id: UUID
    kind: ProposalKind
    state: ProposalState
    model: str
    text: str
    quote: str
    reason: str
    target_id: UUID | None
    made_id: UUID | None = Field(description="The memory that accepting made.")
    created_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, row: Proposal) -> Self:
        """From a row."""
        own = [name for name in cls.model_fields if name not in ("text", "quote", "reason")]
        plain: dict[str, Any] = {name: getattr(row, name) for name in own}
        return cls(**plain, **row.said)


class ProposalPageOut(BaseModel):
    """A page of proposals, newest first."""

    items: list[ProposalOut]
    next_cursor: str | None
