"""Near-duplicates: list, merge, keep both, undo; and what may be merged without asking."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Router

from accounts.scopes import ApiRequest, scope
from enrichment import duplicate_selectors as selectors
from enrichment.access import pair_or_404
from enrichment.duplicate_schemas import PairMergeIn, PairOut, PairPageOut, PairQuery, PolicyOut, PolicyPut
from enrichment.services import deciding_duplicates as deciding
from memories.services.revising import By
from memshadow.lib.paging import paginate
from memshadow.lib.strict import StrictQuery

router = Router(tags=["Duplicates"])


@router.get("/duplicates", auth=scope("memories:read"), response=PairPageOut)
def list_duplicates(request: ApiRequest, query: Annotated[PairQuery, StrictQuery(...)]) -> PairPageOut:
    """List pairs of memories that say nearly the same, newest first."""
    rows = selectors.pairs_of(request.auth.owner, state=query.state)
    page = paginate(rows, cursor=query.cursor, limit=query.limit, by="found_at")
    return PairPageOut(items=[PairOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/duplicates/{uuid:pair_id}/merge", auth=scope("memories:write"), response=PairOut)
def merge_duplicates(request: ApiRequest, pair_id: UUID, body: PairMergeIn) -> PairOut:
    """Keep one of the two; the other is superseded by it."""
    owner = request.auth.owner
    pair = pair_or_404(owner, pair_id)
    by = By(request.auth.person)
    return PairOut.of(deciding.merge_pair(owner=owner, pair=pair, keep_id=body.keep_id, by=by))


@router.post("/duplicates/{uuid:pair_id}/keep-both", auth=scope("memories:write"), response=PairOut)
def keep_both_duplicates(request: ApiRequest, pair_id: UUID) -> PairOut:
    """Say that they are not the same; they are not proposed again."""
    owner = request.auth.owner
    return PairOut.of(deciding.keep_both(owner=owner, pair=pair_or_404(owner, pair_id)))


@router.post("/duplicates/{uuid:pair_id}/undo", auth=scope("memories:write"), response=PairOut)
def undo_duplicates(request: ApiRequest, pair_id: UUID) -> PairOut:
    """Have the two wait for a decision again, both as they were."""
    owner = request.auth.owner
    pair = pair_or_404(owner, pair_id)
    return PairOut.of(deciding.undo_decision(owner=owner, pair=pair, by=By(request.auth.person)))


@router.get("/duplicates/policy", auth=scope("memories:read"), response=PolicyOut)
def get_duplicate_policy(request: ApiRequest) -> PolicyOut:
    """Read what is done with near-duplicates without asking."""
    return PolicyOut.of(selectors.policy_of(request.auth.owner))


@router.put("/duplicates/policy", auth=scope("memories:write"), response=PolicyOut)
def set_duplicate_policy(request: ApiRequest, body: PolicyPut) -> PolicyOut:
    """Set what is done with near-duplicates that are found from now on."""
    return PolicyOut.of(deciding.set_policy(owner=request.auth.owner, choice=body.policy).choice)
