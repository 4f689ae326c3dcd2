"""What lies ahead and behind: commitments, dates that come, and what happened on this day in other years."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from accounts.models import User
from enrichment.excerpts import excerpt
from enrichment.insights._owner import NO_WITNESS, Own
from enrichment.models import Mention
from enrichment.points import LISTENER, SPEAKER, TOGETHER
from enrichment.summary_selectors import PointShown, action_items, shown_points
from memories.models import Memory, State

AHEAD: Final = timedelta(days=60)
_OVERDUE: Final = timedelta(days=30)
_UNDATED: Final = timedelta(days=30)
_POINTS_READ: Final = 300
_DATES_READ: Final = 2_000
_YEARLY: Final = re.compile(r"\b(?:birthday|anniversary|born on|geburtstag|hochzeitstag|jahrestag)\b", re.IGNORECASE)
_YEARS_EACH: Final = 3


@dataclass(frozen=True, slots=True)
class Ahead:
    """A day, and the sentence that speaks of it."""

    on: date
    text: str
    memory_id: UUID


def commitments(owner: User, own: Own, moment: datetime, limit: int = 15) -> list[PointShown]:
    """What the owner has to do: due within AHEAD or not long overdue, and what they took on lately without a day."""
    today = moment.date()
    rows = list(action_items(owner, due_by=None)[:_POINTS_READ])
    near = [
        row
        for row in rows
        if (today - _OVERDUE <= row.due_on <= today + AHEAD if row.due_on else _is_new(row.memory, moment))
    ]
    return [one for one in shown_points(owner, near) if _is_own(one, own)][:limit]


def _is_new(memory: Memory, moment: datetime) -> bool:
    return moment - _UNDATED <= memory.occurred_at <= moment


def _is_own(one: PointShown, own: Own) -> bool:
    who, is_mine = str(one.row.said["who"]), own.wrote(one.row.memory)
    if who in (SPEAKER, TOGETHER):
        return is_mine
    return who == LISTENER and not is_mine if one.row.memory.role else who.casefold() in own.names


def upcoming(owner: User, moment: datetime, limit: int = 15) -> list[Ahead]:
    """Days that memories name from today until AHEAD, the nearest first; birthdays and the like come each year."""
    today = moment.date()
    found = {(one.on, one.text): one for one in _named(owner, moment)}
    near = [one for one in found.values() if today <= one.on <= today + AHEAD]
    return sorted(near, key=lambda one: (one.on, one.memory_id))[:limit]


def _named(owner: User, moment: datetime) -> Iterator[Ahead]:
    rows = Mention.objects.filter(owner=owner, kind="date", memory__state=State.ACTIVE)
    rows = rows.filter(memory__occurred_at__lte=moment).exclude(memory__role__in=NO_WITNESS)
    for row in rows.select_related("memory").order_by("-memory__occurred_at", "-id")[:_DATES_READ]:
        on, text = _day(str(row.said.get("value", row.said["words"]))), row.memory.content
        if on is None or text[row.start : row.end] != row.said["words"]:
            continue
        sentence = excerpt(text, row.start, row.end).sentence.strip()
        yield Ahead(_next(on, moment) if _YEARLY.search(sentence) else on, sentence, row.memory_id)


def _day(value: str) -> date | None:
    """A day as '2026-05-08', or the first of a stretch of days; None for months, years and what may be two days."""
    first = value.partition("/")[0]
    try:
        return date.fromisoformat(first) if len(first) == 10 else None
    except ValueError:
        return None


def _next(on: date, moment: datetime) -> date:
    """The same day of this year, or of the next where it is over."""
    day = min(on.day, 28) if on.month == 2 else on.day
    this = date(moment.year, on.month, day)
    return this if this >= moment.date() else this.replace(year=moment.year + 1)


def on_this_day(owner: User, moment: datetime, limit: int = 12) -> list[Memory]:
    """What happened on this day of other years, the latest year first, a few of each."""
    local = moment.astimezone(UTC)
    rows = Memory.objects.filter(owner=owner, state=State.ACTIVE, is_sealed=False, occurred_at__year__lt=local.year)
    rows = rows.filter(occurred_at__month=local.month, occurred_at__day=local.day)
    rows = rows.exclude(role__in=NO_WITNESS)
    taken: dict[int, int] = {}
    found = []
    for row in rows.select_related("persona", "conversation").prefetch_related("tags").order_by("-occurred_at")[:200]:
        taken[row.occurred_at.year] = taken.get(row.occurred_at.year, 0) + 1
        if taken[row.occurred_at.year] <= _YEARS_EACH:
            found.append(row)
    return found[:limit]
