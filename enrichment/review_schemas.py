"""What goes out of the JSON API about what waits for a person's word."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from accounts.models import User
from enrichment.contradictions import Contradiction
from enrichment.relation_schemas import RelationOut
from enrichment.review import ReviewKind
from memshadow.lib.strict import StrictModel


class ReviewKindOut(BaseModel):
    """A kind of proposal."""

    kind: str
    label: str
    about: str
    waiting: int = Field(description="How many wait.")

    @classmethod
    def of(cls, kind: ReviewKind, owner: User) -> ReviewKindOut:
        """From the registry's."""
        return cls(kind=kind.name, label=kind.label, about=kind.about, waiting=kind.waiting(owner))


class ReviewOut(BaseModel):
    """All kinds, and how much waits in each."""

    items: list[ReviewKindOut]


class ContradictionQuery(StrictModel):
    """Which of them."""

    state: Literal["open", "accepted", "rejected"] = Field(
        default="open", description="accepted: only the newer is so; rejected: both stand."
    )


class ContradictionOut(BaseModel):
    """Two facts that cannot both be so."""

    older: RelationOut
    newer: RelationOut
    reason: str
    verdict_id: UUID | None = Field(description="Undo what you decided with `POST /relations/verdicts/{id}/undo`.")

    @classmethod
    def of(cls, pair: Contradiction) -> ContradictionOut:
        """From the selector's."""
        return cls(
            older=RelationOut.of(pair.older),
            newer=RelationOut.of(pair.newer),
            reason=pair.reason,
            verdict_id=pair.verdict.id if pair.verdict else None,
        )


class ContradictionListOut(BaseModel):
    """Pairs of facts, the newest first."""

    items: list[ContradictionOut]
