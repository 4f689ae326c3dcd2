"""Language models that enrichment asks: the setting, what was sent, and proposals."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Router

from accounts.scopes import ApiRequest, scope
from enrichment.access import proposal_or_404
from enrichment.llm_schemas import (
    LlmCallOut,
    LlmCallPageOut,
    LlmIn,
    LlmOut,
    ProposalOut,
    ProposalPageOut,
    ProposalQuery,
)
from enrichment.models import LlmCall, Proposal
from enrichment.services import proposing
from enrichment.services.asking_models import spent_today
from enrichment.services.choosing_models import set_llm, setting_of
from memories.access import upstream_or_404
from memories.services.revising import By
from memshadow.lib.paging import paginate
from memshadow.lib.strict import PageQuery, StrictQuery

router = Router(tags=["Language model"])


@router.get("/llm", auth=scope("account"), response=LlmOut)
def get_llm(request: ApiRequest) -> LlmOut:
    """Read what is asked of which language model, and what it took today."""
    person = request.auth.person
    return LlmOut.of(setting_of(person), spent_today(person))


@router.put("/llm", auth=scope("account"), response=LlmOut)
def put_llm(request: ApiRequest, body: LlmIn) -> LlmOut:
    """Let a language model be asked about your memories, or no more."""
    person = request.auth.person
    given = body.model_dump(exclude={"upstream_id", "steps"})
    upstream = upstream_or_404(person, body.upstream_id) if body.upstream_id else None
    row = set_llm(owner=person, upstream=upstream, step_names=body.steps, **given)
    return LlmOut.of(row, spent_today(person))


@router.get("/llm/calls", auth=scope("account"), response=LlmCallPageOut)
def list_llm_calls(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> LlmCallPageOut:
    """List what was sent to language models, word for word, newest first."""
    rows = LlmCall.objects.filter(owner=request.auth.person)
    page = paginate(rows, cursor=query.cursor, limit=query.limit)
    return LlmCallPageOut(items=[LlmCallOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/proposals", auth=scope("memories:read"), response=ProposalPageOut)
def list_proposals(request: ApiRequest, query: Annotated[ProposalQuery, StrictQuery(...)]) -> ProposalPageOut:
    """List what language models propose, newest first."""
    rows = Proposal.objects.filter(owner=request.auth.owner, state=query.state)
    rows = rows.filter(kind=query.kind) if query.kind else rows
    page = paginate(rows, cursor=query.cursor, limit=query.limit)
    return ProposalPageOut(items=[ProposalOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/proposals/{uuid:proposal_id}/accept", auth=scope("memories:write"), response=ProposalOut)
def accept_proposal(request: ApiRequest, proposal_id: UUID) -> ProposalOut:
    """Do what it proposes. It can be undone."""
    owner = request.auth.owner
    by = By(request.auth.person, via="api")
    return ProposalOut.of(proposing.accept_proposal(owner=owner, proposal=proposal_or_404(owner, proposal_id), by=by))


@router.post("/proposals/{uuid:proposal_id}/reject", auth=scope("memories:write"), response=ProposalOut)
def reject_proposal(request: ApiRequest, proposal_id: UUID) -> ProposalOut:
    """Say no; it is not proposed again."""
    owner = request.auth.owner
    return ProposalOut.of(proposing.reject_proposal(owner=owner, proposal=proposal_or_404(owner, proposal_id)))


@router.post("/proposals/{uuid:proposal_id}/undo", auth=scope("memories:write"), response=ProposalOut)
def undo_proposal(request: ApiRequest, proposal_id: UUID) -> ProposalOut:
    """Take the decision back, with what it did."""
    owner = request.auth.owner
    by = By(request.auth.person, via="api")
    return ProposalOut.of(proposing.undo_proposal(owner=owner, proposal=proposal_or_404(owner, proposal_id), by=by))
