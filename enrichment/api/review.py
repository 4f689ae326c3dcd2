"""What waits for a person's word, and facts that contradict each other: keep the newer, let both stand."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Router

from accounts.scopes import ApiRequest, scope
from enrichment.access import relation_or_404
from enrichment.contradictions import decided_contradictions, open_contradictions
from enrichment.models import FactVerdict
from enrichment.relation_schemas import VerdictOut
from enrichment.review import review_kinds
from enrichment.review_schemas import (
    ContradictionListOut,
    ContradictionOut,
    ContradictionQuery,
    ReviewKindOut,
    ReviewOut,
)
from enrichment.services import judging
from memshadow.lib.strict import StrictQuery

router = Router(tags=["Facts"])
_ACTIONS = {"accepted": FactVerdict.Action.NEWER, "rejected": FactVerdict.Action.BOTH}


@router.get("/review", auth=scope("memories:read"), response=ReviewOut)
def get_review(request: ApiRequest) -> ReviewOut:
    """Read what waits for your word, by kind."""
    return ReviewOut(items=[ReviewKindOut.of(kind, request.auth.owner) for kind in review_kinds()])


@router.get("/review/contradictions", auth=scope("memories:read"), response=ContradictionListOut)
def list_contradictions(
    request: ApiRequest, query: Annotated[ContradictionQuery, StrictQuery(...)]
) -> ContradictionListOut:
    """List facts that cannot both be so, or what you decided about such pairs."""
    owner = request.auth.owner
    open_ = query.state == "open"
    pairs = open_contradictions(owner) if open_ else decided_contradictions(owner, _ACTIONS[query.state])
    return ContradictionListOut(items=[ContradictionOut.of(pair) for pair in pairs])


@router.post(
    "/review/contradictions/{uuid:relation_id}/{uuid:newer_id}/accept",
    auth=scope("memories:write"),
    response=VerdictOut,
)
def accept_contradiction(request: ApiRequest, relation_id: UUID, newer_id: UUID) -> VerdictOut:
    """Keep the newer (`newer_id`): the other ended when it began."""
    owner = request.auth.owner
    older, newer = relation_or_404(owner, relation_id), relation_or_404(owner, newer_id)
    return VerdictOut.of(judging.keep_newer(owner=owner, older=older, newer=newer))


@router.post(
    "/review/contradictions/{uuid:relation_id}/{uuid:newer_id}/reject",
    auth=scope("memories:write"),
    response=VerdictOut,
)
def reject_contradiction(request: ApiRequest, relation_id: UUID, newer_id: UUID) -> VerdictOut:
    """Say that they are no contradiction: both stand."""
    owner = request.auth.owner
    older, newer = relation_or_404(owner, relation_id), relation_or_404(owner, newer_id)
    return VerdictOut.of(judging.keep_both(owner=owner, older=older, newer=newer))
