"""Asking for enrichment: some steps on some memories, done afresh, with a job that says how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from enrichment.models import Enrichment, EnrichmentJob
from enrichment.registry import step_named, steps
from enrichment.services.planning import due_again, plan
from memories.filters import MemoryFilter, filtered
from memories.models import Memory, State
from memshadow.lib.errors import NotFound, PermissionRefused, ValidationFailed

IDS_MAX: Final = 1000
PRIORITY_MAX: Final = 100


@transaction.atomic
def request_enrichment(
    *,
    owner: User,
    memory_ids: Sequence[UUID] | None = None,
    wanted: MemoryFilter | None = None,
    step_names: Sequence[str] = (),
    priority: int = 10,
) -> EnrichmentJob:
    """Have steps (none named: all) done afresh on memories by id or filter; higher priority goes first.

    Raises NotFound for a step that does not exist and for ids that are not all the owner's, ValidationFailed, and
    PermissionRefused for viewers. Sealed memories and the trash are left out.
    """
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot have memories enriched; ask the owner for another role.")
    if not -PRIORITY_MAX <= priority <= PRIORITY_MAX:
        raise ValidationFailed(f"priority can be -{PRIORITY_MAX} to {PRIORITY_MAX}.", field="priority")
    names = [step_named(name).name for name in dict.fromkeys(step_names)] or list(steps())
    memories = _chosen(owner, memory_ids, wanted)
    job = EnrichmentJob.objects.create(owner=owner, steps=names, priority=priority, memories=memories.count())
    plan(memories=memories, only=names)
    job.total = due_again(_rows(owner, memories, names), priority=priority, job=job)
    job.save(update_fields=["total"])
    return job


def _rows(owner: User, memories: QuerySet[Memory], names: Sequence[str]) -> QuerySet[Enrichment]:
    current = {(name, step.version) for name, step in steps().items() if name in names}
    rows = Enrichment.objects.none()
    for name, version in current:
        rows |= Enrichment.objects.filter(owner=owner, memory__in=memories, step=name, version=version)
    return rows


def _chosen(owner: User, memory_ids: Sequence[UUID] | None, wanted: MemoryFilter | None) -> QuerySet[Memory]:
    if (memory_ids is None) == (wanted is None):
        raise ValidationFailed("Give either memory_ids or a filter.", field="memory_ids")
    if wanted is not None:
        rows = filtered(owner, wanted)
    else:
        ids = set(memory_ids or ())
        if len(ids) > IDS_MAX:
            raise ValidationFailed(f"At most {IDS_MAX} ids at once; use a filter for more.", field="memory_ids")
        rows = Memory.objects.filter(owner=owner, id__in=ids)
        if rows.count() != len(ids):
            raise NotFound("Not all of these memories exist.")
    return Memory.objects.filter(id__in=rows.order_by().values("id"), is_sealed=False).exclude(state=State.DELETED)
