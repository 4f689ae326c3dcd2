"""Dates as people write them behind `before:` and `after:`, as the moment at which that day, month or year begins."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta, tzinfo

_WRITTEN = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
_AGO = re.compile(r"(\d{1,4})([dwmy])")
_NAMED_DAYS = {"today": 0, "yesterday": 1}


def period_of(value: str, at: datetime) -> tuple[datetime, datetime] | None:
    """(first moment, first moment after it) of a year, month or day, or None when it is none.

    2025, 2025-03, 2025-03-14, today, yesterday, and 7d, 2w, 3m, 1y: the day so long before `at`, whose zone counts.
    """
    found = _calendar(value) or _counted(value.casefold(), at.date())
    if found is None:
        return None
    try:
        first, following = found
        return _starts(first, at.tzinfo), _starts(following, at.tzinfo)
    except (OverflowError, ValueError):
        return None


def _calendar(value: str) -> tuple[date, date] | None:
    match = _WRITTEN.fullmatch(value)
    if not match:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        if day:
            return first, first + timedelta(days=1)
        return first, _months_on(first, 1 if month else 12)
    except (OverflowError, ValueError):
        return None


def _counted(value: str, today: date) -> tuple[date, date] | None:
    if value in _NAMED_DAYS:
        first = today - timedelta(days=_NAMED_DAYS[value])
        return first, first + timedelta(days=1)
    match = _AGO.fullmatch(value)
    if not match:
        return None
    count, unit = int(match.group(1)), match.group(2)
    try:
        first = today - timedelta(days=count * {"d": 1, "w": 7}[unit]) if unit in "dw" else _ago(today, count, unit)
        return first, first + timedelta(days=1)
    except (OverflowError, ValueError):
        return None


def _ago(today: date, count: int, unit: str) -> date:
    return _months_on(today, -count * (12 if unit == "y" else 1))


def _months_on(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _starts(day: date, zone: tzinfo | None) -> datetime:
    moment = datetime.combine(day, time.min, zone)
    # Far-off years have no place for the zone's offset; to find out here is kinder than in the database.
    moment.timestamp()
    return moment
