"""The timeline: weeks and their days, newest first, with what each was about, what was decided, and who was named."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count
from django.db.models.functions import TruncDate, TruncWeek

from accounts.models import User
from enrichment.entity_selectors import visible_mentions
from enrichment.models import Entity, Point, Rollup
from enrichment.summary_selectors import Cited, PointShown, cited_by, points, shown_points
from memories.models import Conversation, Memory, State

WEEKS_SHOWN: Final = 4
_NAMED: Final = 6
_TALKS: Final = 4
_POINTS: Final = 8
_POINTS_READ: Final = 1_000
Dated = dict[date, list[UUID]]


@dataclass(slots=True)
class Day:
    """One day that has memories."""

    on: date
    memory_count: int
    cited: list[Cited]
    points: list[PointShown] = field(default_factory=list)
    named: list[Entity] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)


@dataclass(slots=True)
class Week:
    """A week, from its Monday; `cited` is empty where a day says it all."""

    starts_on: date
    memory_count: int
    cited: list[Cited]
    days: list[Day]

    @property
    def ends_on(self) -> date:
        """Its Sunday."""
        return self.starts_on + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some weeks, newest first, with the Mondays at which the neighbouring stretches begin."""

    weeks: list[Week]
    older: date | None
    newer: date | None


def stretch(owner: User, *, until: date | None = None, weeks: int = WEEKS_SHOWN) -> Stretch:
    """The newest weeks that have memories, from the week of `until` back."""
    days = Rollup.objects.filter(owner=owner, kind=Rollup.Kind.DAY).annotate(week=TruncWeek("day"))
    mondays = list(days.values_list("week", flat=True).distinct().order_by("-week"))
    at = next((n for n, monday in enumerate(mondays) if until is None or monday <= until), len(mondays))
    shown = mondays[at : at + weeks]
    return Stretch(
        weeks=_weeks(owner, shown) if shown else [],
        older=mondays[at + weeks] if at + weeks < len(mondays) else None,
        newer=mondays[max(0, at - weeks)] if at else None,
    )


def _weeks(owner: User, mondays: Sequence[date]) -> list[Week]:
    first, last = mondays[-1], mondays[0] + timedelta(days=6)
    rows = Rollup.objects.filter(owner=owner, kind__in=[Rollup.Kind.DAY, Rollup.Kind.WEEK], day__range=(first, last))
    by_key = {(row.kind, row.day): row for row in rows}
    cited = cited_by(owner, [row.id for row in rows])
    days = _days(owner, [row for row in rows if row.kind == Rollup.Kind.DAY], cited)
    found = []
    for monday in mondays:
        own = [day for day in days if monday <= day.on <= monday + timedelta(days=6)]
        row = by_key.get((Rollup.Kind.WEEK, monday))
        parts = cited.get(row.id, []) if row and len(own) > 1 else []
        found.append(Week(monday, sum(day.memory_count for day in own), parts, own))
    return found


def _days(owner: User, rows: Sequence[Rollup], cited: dict[UUID, list[Cited]]) -> list[Day]:
    days = {row.day: Day(row.day, row.memory_count, cited.get(row.id, [])) for row in rows if row.day}
    if days:
        since, until = _bounds(days)
        _add_points(owner, days, since, until)
        _add_named(owner, days, since, until)
        _add_conversations(owner, days, since, until)
    return [days[day] for day in sorted(days, reverse=True)]


def _bounds(days: dict[date, Day]) -> tuple[datetime, datetime]:
    return datetime.combine(min(days), time(), UTC), datetime.combine(max(days) + timedelta(days=1), time(), UTC)


def _add_points(owner: User, days: dict[date, Day], since: datetime, until: datetime) -> None:
    rows = points(owner).filter(memory__occurred_at__gte=since, memory__occurred_at__lt=until)
    rows = rows.exclude(state=Point.State.DISMISSED).order_by("memory__occurred_at", "start")
    of_day: dict[date, list[Point]] = defaultdict(list)
    for row in rows[:_POINTS_READ]:
        day = row.memory.occurred_at.astimezone(UTC).date()
        if day in days and len(of_day[day]) < _POINTS:
            of_day[day].append(row)
    shown = {one.row.id: one for one in shown_points(owner, [row for found in of_day.values() for row in found])}
    for day, found in of_day.items():
        days[day].points = [shown[row.id] for row in found]


def _add_named(owner: User, days: dict[date, Day], since: datetime, until: datetime) -> None:
    rows = visible_mentions(owner).filter(memory__occurred_at__gte=since, memory__occurred_at__lt=until)
    named = rows.filter(entity__kind__in=["person", "place", "organization", "event", "work", "product"])
    counts = named.annotate(on=TruncDate("memory__occurred_at", tzinfo=UTC)).values_list("on", "entity")
    of_day: dict[date, Counter[UUID]] = defaultdict(Counter)
    for day, entity, number in counts.annotate(n=Count("memory", distinct=True)).order_by():
        of_day[day][entity] = number
    best = {day: [key for key, _ in found.most_common(_NAMED)] for day, found in of_day.items()}
    entities = Entity.objects.in_bulk({key for keys in best.values() for key in keys})
    for day in days.keys() & best.keys():
        days[day].named = [entities[key] for key in best[day] if key in entities]


def _add_conversations(owner: User, days: dict[date, Day], since: datetime, until: datetime) -> None:
    rows = Memory.objects.filter(owner=owner, occurred_at__gte=since, occurred_at__lt=until, conversation__isnull=False)
    live = rows.exclude(state__in=[State.DELETED, State.SUPERSEDED]).annotate(on=TruncDate("occurred_at", tzinfo=UTC))
    of_day: Dated = defaultdict(list)
    for day, conversation_id, _ in (
        live.values_list("on", "conversation").annotate(n=Count("id")).order_by("on", "-n", "conversation")
    ):
        if len(of_day[day]) < _TALKS:
            of_day[day].append(conversation_id)
    found = Conversation.objects.in_bulk({key for keys in of_day.values() for key in keys})
    for day in days.keys() & of_day.keys():
        days[day].conversations = [found[key] for key in of_day[day] if key in found]
