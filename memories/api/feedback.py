"""Feedback on what was found, and the rules that search has learnt from it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from accounts.scopes import ApiRequest, scope
from memories import quality
from memories.feedback_rules import explained
from memories.models import Feedback, LearntRule
from memories.services import feedback as verdicts
from memories.services import rules
from memshadow.lib.strict import PageQuery, StrictModel, StrictQuery

router = Router(tags=["Feedback"])

ViaName = Literal["dashboard", "api", "gateway", "extension", "mcp"]


class FeedbackIn(StrictModel):
    """A verdict on a memory that search gave."""

    memory_id: UUID
    verdict: Literal["useful", "not_useful"]
    retrieval_id: UUID | None = Field(
        default=None, description="`retrieval_id` of the search answer; without it the verdict holds in general."
    )
    via: ViaName = "api"


class UseIn(StrictModel):
    """A memory was used after a search."""

    memory_id: UUID
    retrieval_id: UUID
    how: Literal["opened", "copied", "injected"]


class FeedbackOut(BaseModel):
    """The verdict that stands for this memory and question."""

    id: UUID
    memory_id: UUID
    retrieval_id: UUID | None
    question: str = Field(description="Empty for a verdict in general.")
    verdict: str
    implicit: bool = Field(description="Seen from use, not said.")
    how: str = Field(description="How it was used: opened, copied or injected; empty for what was said.")
    via: str
    created_at: datetime

    @classmethod
    def of(cls, row: Feedback) -> FeedbackOut:
        """From a row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class FeedbackPageOut(BaseModel):
    """A page of feedback, newest first."""

    items: list[FeedbackOut]
    next_cursor: str | None


class LearntRuleOut(BaseModel):
    """Words that search adds to a question."""

    id: UUID
    kind: str = Field(description="acronym, synonym or expansion.")
    state: str = Field(description="active or removed.")
    given: list[str] = Field(description="A question with all of these words …")
    added: list[str] = Field(description="… is also asked with these; an acronym the other way round too.")
    strength: float = Field(description="How many questions or texts speak for it.")
    explanation: str
    created_at: datetime

    @classmethod
    def of(cls, row: LearntRule) -> LearntRuleOut:
        """From a row."""
        said = {name: row.payload.get(name, []) for name in ("given", "added")}
        own = {name: getattr(row, name) for name in ("id", "kind", "state", "strength", "created_at")}
        return cls.model_validate(own | said | {"explanation": explained(row)})


class LearntRuleListOut(BaseModel):
    """What search has learnt: rules in use, then removed ones."""

    items: list[LearntRuleOut]


@router.post("/feedback", auth=scope("memories:write"), response=FeedbackOut)
def give_feedback(request: ApiRequest, given: FeedbackIn) -> FeedbackOut:
    """Say whether a memory helped; another verdict for the same question replaces it."""
    row = verdicts.give_feedback(
        owner=request.auth.owner,
        memory_id=given.memory_id,
        verdict=given.verdict,
        retrieval_id=given.retrieval_id,
        via=given.via,
    )
    return FeedbackOut.of(row)


@router.post("/feedback/use", auth=scope("memories:write"), response={204: None})
def note_use(request: ApiRequest, used: UseIn) -> Status[None]:
    """Note that a memory was used after a search: a small vote for it. Unknown ids are ignored."""
    owner = request.auth.owner
    verdicts.note_use(owner=owner, retrieval_id=used.retrieval_id, memory_id=used.memory_id, how=used.how)
    return Status(204, None)


@router.get("/feedback", auth=scope("memories:read"), response=FeedbackPageOut)
def list_feedback(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> FeedbackPageOut:
    """List feedback, newest first."""
    page = quality.feedback_page(request.auth.owner, cursor=query.cursor, limit=query.limit)
    return FeedbackPageOut(items=[FeedbackOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.delete("/feedback/{uuid:feedback_id}", auth=scope("memories:write"), response={204: None})
def delete_feedback(request: ApiRequest, feedback_id: UUID) -> Status[None]:
    """Take a verdict back, with what it taught."""
    verdicts.take_back(owner=request.auth.owner, feedback_id=feedback_id)
    return Status(204, None)


@router.get("/learnt-rules", auth=scope("memories:read"), response=LearntRuleListOut)
def list_learnt_rules(request: ApiRequest) -> LearntRuleListOut:
    """List what search has learnt, and why."""
    return LearntRuleListOut(items=[LearntRuleOut.of(row) for row in quality.rules_for(request.auth.owner)])


@router.delete("/learnt-rules/{uuid:rule_id}", auth=scope("memories:write"), response=LearntRuleOut)
def remove_learnt_rule(request: ApiRequest, rule_id: UUID) -> LearntRuleOut:
    """Take a rule out of use; it is not learnt again."""
    return LearntRuleOut.of(rules.remove_rule(owner=request.auth.owner, rule_id=rule_id))


@router.post("/learnt-rules/{uuid:rule_id}/restore", auth=scope("memories:write"), response=LearntRuleOut)
def restore_learnt_rule(request: ApiRequest, rule_id: UUID) -> LearntRuleOut:
    """Put a removed rule back in use."""
    return LearntRuleOut.of(rules.restore_rule(owner=request.auth.owner, rule_id=rule_id))
