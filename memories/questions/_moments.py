"""Calendar arithmetic: the days that a month, a season, a quarter or a holiday spans."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

Turn = Literal["recent", "last", "this", "next", "future"]
DAY: Final = timedelta(days=1)
BEGINNING: Final = datetime.min
ENDLESS: Final = datetime.max
# Hours of a day; a night ends on the next.
PARTS_H: Final = {"morning": (5, 12), "afternoon": (12, 18), "evening": (17, 24), "night": (18, 30)}
_UNIT_DAYS: Final = {"d": 1, "k": 7, "e": 7}
_UNIT_MONTHS: Final = {"n": 1, "q": 3, "r": 12}
# Month and day, and how many days it lasts in what people say of it.
_FIXED: Final = {
    "christmas": (12, 24, 4),
    "christmas_day": (12, 25, 1),
    "christmas_eve": (12, 24, 1),
    "boxing_day": (12, 26, 1),
    "new_year": (1, 1, 2),
    "new_year_eve": (12, 31, 1),
    "epiphany": (1, 6, 1),
    "valentine": (2, 14, 1),
    "patrick": (3, 17, 1),
    "kings_day": (4, 27, 1),
    "july_4": (7, 4, 1),
    "bastille": (7, 14, 1),
    "assumption": (8, 15, 1),
    "german_unity": (10, 3, 1),
    "halloween": (10, 31, 1),
    "all_saints": (11, 1, 1),
    "nicholas": (12, 5, 2),
}
# Days from Easter Sunday, and how many days it lasts.
_FROM_EASTER: Final = {
    "carnival": (-52, 6),
    "good_friday": (-2, 1),
    "easter": (-2, 4),
    "easter_monday": (1, 1),
    "pentecost": (49, 2),
}
# Month, weekday (Monday 0), which one of the month (0 the first, -1 the last), days after it.
_NTH_WEEKDAY: Final = {
    "memorial_day": (5, 0, -1, 0),
    "labor_day": (9, 0, 0, 0),
    "thanksgiving": (11, 3, 3, 0),
    "black_friday": (11, 3, 3, 1),
}


class Span(NamedTuple):
    """Days [start:end) in the asker's time; `recurs` gives those of another year when no year was named."""

    start: datetime
    end: datetime
    kind: str
    recurs: Callable[[int], Span] | None = None


def day_span(day: datetime, days: int = 1, kind: str = "date") -> Span:
    """A day, or several from it on."""
    return Span(day, day + days * DAY, kind)


def midnight(moment: datetime) -> datetime:
    """The beginning of a moment's day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def part_span(day: datetime, part: str) -> Span:
    """The hours of a part of a day."""
    first, last = PARTS_H[part]
    return Span(day + timedelta(hours=first), day + timedelta(hours=last), "part of day")


def date_span(year: int, month: int, day: int) -> Span:
    """One date. ValueError when there is none."""
    return day_span(datetime(year, month, day))


def month_span(year: int, month: int) -> Span:
    """A month of a year."""
    start = datetime(year, month, 1)
    return Span(start, add_months(start, 1), "month")


def year_span(year: int, years: int = 1) -> Span:
    """A year, or several from it on."""
    kind = "year" if years == 1 else "decade"
    return Span(datetime(year, 1, 1), datetime(year + years, 1, 1), kind)


def quarter_span(year: int, quarter: int) -> Span:
    """A quarter, 1 to 4. ValueError for others."""
    start = datetime(year, 3 * quarter - 2, 1)
    return Span(start, add_months(start, 3), "quarter")


def season_span(year: int, season: int) -> Span:
    """Spring 1 to winter 4, of the northern half; the winter of a year begins in its December."""
    start = datetime(year, 3 * season, 1)
    return Span(start, add_months(start, 3), "season")


def week_span(day: datetime) -> Span:
    """The week (Monday to Sunday, ISO 8601) of a day."""
    start = midnight(day) - day.weekday() * DAY
    return Span(start, start + 7 * DAY, "week")


def weekend_span(day: datetime) -> Span:
    """The Saturday and Sunday of a day's week."""
    start = week_span(day).start + 5 * DAY
    return Span(start, start + 2 * DAY, "weekend")


def numbered_week_span(year: int, week: int) -> Span:
    """A week by its ISO 8601 number. ValueError when the year lacks it."""
    return week_span(datetime.fromisocalendar(year, week, 1))


def holiday_span(key: str, year: int) -> Span:
    """A holiday of a year."""
    if key in _FIXED:
        month, day, days = _FIXED[key]
        return day_span(datetime(year, month, day), days, "holiday")
    if key in _FROM_EASTER:
        offset, days = _FROM_EASTER[key]
        return day_span(_easter(year) + offset * DAY, days, "holiday")
    month, weekday, nth, offset = _NTH_WEEKDAY[key]
    return day_span(_nth_weekday(year, month, weekday, nth) + offset * DAY, 1, "holiday")


def period_span(unit: str, offset: int, at: datetime) -> Span:
    """The calendar's week (k), weekend (e), month (n), quarter (q) or year (r) that lies `offset` of them from `at`."""
    if unit in "ke":
        day = at + 7 * offset * DAY
        return week_span(day) if unit == "k" else weekend_span(day)
    if unit == "r":
        return year_span(at.year + offset)
    size = _UNIT_MONTHS[unit]
    first = (at.month - 1) // size * size + 1
    start = add_months(datetime(at.year, first, 1), offset * size)
    return Span(start, add_months(start, size), "month" if unit == "n" else "quarter")


def moved(day: datetime, unit: str, count: int) -> datetime:
    """A moment so many hours (h), days (d), weeks (k), months (n), quarters (q) or years (r) later."""
    if unit == "h":
        return day + timedelta(hours=count)
    if unit in _UNIT_DAYS:
        return day + count * _UNIT_DAYS[unit] * DAY
    return add_months(day, count * _UNIT_MONTHS[unit])


def add_months(day: datetime, months: int) -> datetime:
    """The same day of another month, its last when it is shorter. ValueError outside the years 1 to 9999."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


def chosen(of_year: Callable[[int], Span], at: datetime, turn: Turn) -> Span:
    """Which of the yearly spans is meant: the most recent begun, the last that is over, this year's or the next."""
    years = [at.year + offset for offset in (-2, -1, 0, 1, 2)]
    spans = [span for span in map(of_year, years) if span is not None]
    if turn == "this":
        return of_year(at.year)
    if turn == "next":
        return next(span for span in spans if span.start > at)
    if turn == "future":
        return next(span for span in spans if span.end > at)
    over = [span for span in spans if (span.end if turn == "last" else span.start) <= at]
    return over[-1]


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> datetime:
    if nth < 0:
        last = datetime(year, month, monthrange(year, month)[1])
        return last - ((last.weekday() - weekday) % 7) * DAY
    first = datetime(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * nth) * DAY


def _easter(year: int) -> datetime:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, 1991, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    month = (h + weekday - 7 * m + 90) // 25
    day = (h + weekday - 7 * m + 33 * month + 19) % 32
    return datetime(year, month, day)
