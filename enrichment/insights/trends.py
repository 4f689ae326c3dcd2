"""Themes over time: which topics keep coming back, and which are on the rise or fading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth

from accounts.models import User
from enrichment.models import Placement, Topic
from enrichment.topic_selectors import placements_of

MONTHS: Final = 12
_RECENT: Final = timedelta(days=30)
_BEFORE: Final = timedelta(days=120)
_LEAST: Final = 3
_RECURRING_MONTHS: Final = 4


@dataclass(frozen=True, slots=True)
class Trend:
    """A topic with its memories of the last 12 months, the oldest month first, of the last 30 days, and of 30 before.

    `usual`: how many there were in 30 days on average, in the 90 days before those. `kind`: rising, fading,
    recurring (in at least four of the last six months), or empty.
    """

    topic: Topic
    months: list[tuple[datetime, int]]
    recent: int
    usual: float
    kind: str

    @property
    def counts(self) -> list[int]:
        """How many memories each month has."""
        return [number for _, number in self.months]


def trends_of(owner: User, moment: datetime, limit: int = 12) -> list[Trend]:
    """Topics of the last year that rise, fade or recur, those of which something can be said first."""
    months = _last_months(moment)
    rows = placements_of(owner).filter(cluster__topic__is_hidden=False, memory__occurred_at__lte=moment)
    counted = _monthly(rows.filter(memory__occurred_at__gte=months[0]))
    lately = _lately(rows, moment)
    topics = Topic.objects.in_bulk(list(counted))
    found = [_trend(topic, [(m, counted[key].get(m, 0)) for m in months], lately) for key, topic in topics.items()]
    order = {"rising": 0, "recurring": 1, "fading": 2, "": 3}
    return sorted(found, key=lambda one: (order[one.kind], -sum(one.counts)))[:limit]


def _last_months(moment: datetime) -> list[datetime]:
    month = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = [month]
    for _ in range(MONTHS - 1):
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found[::-1]


def _monthly(rows: QuerySet[Placement]) -> dict[UUID, dict[datetime, int]]:
    grouped = rows.annotate(month=TruncMonth("memory__occurred_at", tzinfo=UTC))
    found: dict[UUID, dict[datetime, int]] = {}
    for topic, month, number in grouped.values_list("cluster__topic", "month").annotate(n=Count("memory")).order_by():
        found.setdefault(topic, {})[month] = number
    return found


def _lately(rows: QuerySet[Placement], moment: datetime) -> dict[UUID, tuple[int, float]]:
    """(of the last 30 days, on average of 30 days before) by topic."""
    since, before = moment - _RECENT, moment - _BEFORE
    counted = (
        rows.filter(memory__occurred_at__gte=before)
        .values_list("cluster__topic")
        .annotate(
            recent=Count("memory", filter=Q(memory__occurred_at__gte=since)),
            earlier=Count("memory", filter=Q(memory__occurred_at__lt=since)),
        )
    )
    return {topic: (recent, earlier / 3) for topic, recent, earlier in counted.order_by()}


def _trend(topic: Topic, months: list[tuple[datetime, int]], lately: dict[UUID, tuple[int, float]]) -> Trend:
    recent, usual = lately.get(topic.id, (0, 0.0))
    kind = ""
    if recent >= _LEAST and recent >= 2 * usual:
        kind = "rising"
    elif usual >= _LEAST and recent <= usual / 2:
        kind = "fading"
    elif sum(number > 0 for _, number in months[-6:]) >= _RECURRING_MONTHS:
        kind = "recurring"
    return Trend(topic, months, recent, usual, kind)
