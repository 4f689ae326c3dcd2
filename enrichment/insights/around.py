"""Whom and what the owner speaks of: people with what they are to them, and projects, organisations and works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Max

from accounts.models import User
from enrichment.entity_selectors import visible_mentions
from enrichment.insights._owner import NO_WITNESS, Own
from enrichment.insights.about import CITED
from enrichment.models import Entity

_WINDOW: Final = timedelta(days=365)
_THINGS: Final = ("organization", "product", "work", "event")


@dataclass(frozen=True, slots=True)
class Around:
    """Somebody or something, how often they are named within a year, and the newest memories that do."""

    entity: Entity
    memories: int
    last_at: datetime
    memory_ids: list[UUID]


def people_around(owner: User, own: Own, moment: datetime, limit: int = 12) -> list[Around]:
    """The people whom memories of the last year name most."""
    return _named(owner, own, moment, ("person",), limit)


def things_around(owner: User, own: Own, moment: datetime, limit: int = 10) -> list[Around]:
    """Organisations, products, works and events that memories of the last year name most."""
    return _named(owner, own, moment, _THINGS, limit)


def _named(owner: User, own: Own, moment: datetime, kinds: tuple[str, ...], limit: int) -> list[Around]:
    rows = visible_mentions(owner).filter(entity__kind__in=kinds, memory__occurred_at__gte=moment - _WINDOW)
    rows = rows.exclude(entity__in=own.entities).exclude(memory__role__in=NO_WITNESS)
    counted = rows.values("entity").annotate(n=Count("memory", distinct=True), last=Max("memory__occurred_at"))
    best = [row for row in counted.order_by("-n", "-last")[: limit * 2] if row["n"] > 1][:limit]
    entities = Entity.objects.in_bulk([row["entity"] for row in best])
    cited = {row["entity"]: _newest(owner, row["entity"]) for row in best}
    return [Around(entities[row["entity"]], row["n"], row["last"], cited[row["entity"]]) for row in best]


def _newest(owner: User, entity_id: UUID) -> list[UUID]:
    rows = visible_mentions(owner).filter(entity=entity_id).exclude(memory__role__in=NO_WITNESS)
    rows = rows.order_by("-memory__occurred_at", "-memory")
    return list(dict.fromkeys(rows.values_list("memory", flat=True)[: 4 * CITED]))[:CITED]
