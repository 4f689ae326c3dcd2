"""Reads: what steps found out about memories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from accounts.models import User
from enrichment.models import Enrichment
from memories.models import Memory


def result_of(owner: User, memory_id: UUID, step: str) -> dict[str, Any] | None:
    """The newest result of a step on a memory; None while there is none."""
    return results_of(owner, [memory_id], step).get(memory_id)


def results_of(owner: User, memory_ids: Collection[UUID], step: str) -> dict[UUID, dict[str, Any]]:
    """The newest result of a step on each of these memories that has one."""
    rows = Enrichment.objects.filter(owner=owner, memory__in=memory_ids, step=step, finished_at__isnull=False)
    return {row.memory_id: row.result for row in rows.order_by("version")}


def code_of(owner: User, memory: Memory) -> list[dict[str, Any]]:
    """The blocks of code in a memory, while its text is as it was read."""
    rows = Enrichment.objects.filter(owner=owner, memory=memory.id, step="code", finished_at__isnull=False)
    row = rows.order_by("-version").first()
    if row is None or row.revision != memory.revision_count:
        return []
    found: list[dict[str, Any]] = row.result.get("blocks", [])
    return found


def all_results(owner: User, memory_id: UUID) -> Mapping[str, dict[str, Any]]:
    """Every step's newest result on one memory, by the step's name."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    rows = Enrichment.objects.filter(owner=owner, memory=memory_id, finished_at__isnull=False)
    for row in rows.order_by("version"):
        found[row.step] = row.result
    return found
