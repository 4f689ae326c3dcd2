"""The kinds of proposals that wait for a person's word, of this app."""

from __future__ import annotations

from accounts.models import User
from enrichment.contradictions import open_contradictions
from enrichment.duplicate_selectors import pairs_of
from enrichment.models import Proposal
from enrichment.review import ReviewKind, add_review_kind


def _contradictions(owner: User) -> int:
    return len(open_contradictions(owner))


def _duplicates(owner: User) -> int:
    return pairs_of(owner).count()


def _proposals(owner: User) -> int:
    return Proposal.objects.filter(owner=owner, state=Proposal.State.OPEN).count()


add_review_kind(
    ReviewKind("contradictions", "Contradictions", "Facts that cannot both be so.", _contradictions, "review")
)
add_review_kind(
    ReviewKind("duplicates", "Near-duplicates", "Memories that say nearly the same.", _duplicates, "duplicates")
)
add_review_kind(
    ReviewKind("proposals", "Proposals", "What a language model proposes of memories.", _proposals, "proposals")
)
