"""Authorisation: the object, or NotFound for one that does not exist or is someone else's."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from enrichment.models import (
    DuplicatePair,
    EnrichmentJob,
    EnrichmentSchedule,
    Entity,
    EntityChange,
    FactVerdict,
    MaintenanceRun,
    Point,
    Proposal,
    Relation,
    Rollup,
    Topic,
    TopicChange,
)
from memshadow.lib.errors import NotFound

_STEPS = 20
Merging = TypeVar("Merging", Entity, Topic)


def _followed(rows: QuerySet[Merging], row_id: UUID) -> Merging | None:
    """The row, or what it was merged into."""
    found = rows.filter(id=row_id).first()
    for _ in range(_STEPS):
        if found is None or found.merged_into_id is None:
            break
        found = rows.filter(id=found.merged_into_id).first()
    return found


def entity_or_404(owner: User, entity_id: UUID) -> Entity:
    """One of the owner's entities; what was merged into another is that one."""
    found = _followed(Entity.objects.filter(owner=owner).select_related("owner"), entity_id)
    if found is None:
        raise NotFound("There is no entity of yours with this id.")
    return found


def change_or_404(owner: User, change_id: UUID) -> EntityChange:
    """One of the owner's corrections."""
    found = EntityChange.objects.filter(owner=owner, id=change_id).select_related("entity", "owner").first()
    if found is None:
        raise NotFound("There is no correction of yours with this id.")
    return found


def job_or_404(owner: User, job_id: UUID) -> EnrichmentJob:
    """What the owner asked for."""
    found = EnrichmentJob.objects.filter(owner=owner, id=job_id).first()
    if found is None:
        raise NotFound("There is no enrichment job of yours with this id.")
    return found


def schedule_or_404(name: str) -> EnrichmentSchedule:
    """A schedule of the server."""
    found = EnrichmentSchedule.objects.filter(name=name).first()
    if found is None:
        raise NotFound("There is no such schedule.")
    return found


def topic_or_404(owner: User, topic_id: UUID) -> Topic:
    """One of the owner's topics; what was merged into another is that one."""
    found = _followed(Topic.objects.filter(owner=owner).select_related("owner"), topic_id)
    if found is None:
        raise NotFound("There is no topic of yours with this id.")
    return found


def topic_change_or_404(owner: User, change_id: UUID) -> TopicChange:
    """One of the owner's corrections of topics."""
    found = TopicChange.objects.filter(owner=owner, id=change_id).select_related("topic", "owner").first()
    if found is None:
        raise NotFound("There is no correction of yours with this id.")
    return found


def rollup_or_404(owner: User, rollup_id: UUID) -> Rollup:
    """One of the owner's summaries of many memories, once it has been made."""
    rows = Rollup.objects.filter(owner=owner, id=rollup_id, made_at__isnull=False)
    found = rows.select_related("conversation", "persona", "tag").first()
    if found is None:
        raise NotFound("There is no summary of yours with this id.")
    return found


def point_or_404(owner: User, point_id: UUID) -> Point:
    """One of the owner's decisions and action items."""
    found = Point.objects.filter(owner=owner, id=point_id).select_related("memory").first()
    if found is None:
        raise NotFound("There is no decision or action item of yours with this id.")
    return found


def pair_or_404(owner: User, pair_id: UUID) -> DuplicatePair:
    """One of the owner's pairs of near-duplicates."""
    found = DuplicatePair.objects.filter(owner=owner, id=pair_id).select_related("first", "second", "owner").first()
    if found is None:
        raise NotFound("There is no pair of yours with this id.")
    return found


def relation_or_404(owner: User, relation_id: UUID) -> Relation:
    """What one of the owner's memories states."""
    found = Relation.objects.filter(owner=owner, id=relation_id).select_related("subject", "object", "memory").first()
    if found is None:
        raise NotFound("There is no fact of yours with this id.")
    return found


def verdict_or_404(owner: User, verdict_id: UUID) -> FactVerdict:
    """What the owner said to a fact."""
    found = FactVerdict.objects.filter(owner=owner, id=verdict_id).first()
    if found is None:
        raise NotFound("There is no verdict of yours with this id.")
    return found


def proposal_or_404(owner: User, proposal_id: UUID) -> Proposal:
    """One of the proposals that models made to the owner."""
    found = Proposal.objects.filter(owner=owner, id=proposal_id).select_related("memory", "target", "made").first()
    if found is None:
        raise NotFound("There is no proposal of yours with this id.")
    return found


def maintenance_run_or_404(run_id: UUID) -> MaintenanceRun:
    """A run of the server's maintenance."""
    found = MaintenanceRun.objects.filter(id=run_id).first()
    if found is None:
        raise NotFound("There is no run of maintenance with this id.")
    return found
