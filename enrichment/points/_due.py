"""Until when something is to be done: a date of the sentence, read forward from the day on which it was written."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from enrichment.points._point import DateFound, Written

_UNTIL: Final = re.compile(r"\b(?:by|before|until|till|due|no later than|deadline)\b[^.!?\n]{0,12}$", re.IGNORECASE)
_BEGINS_UNTIL: Final = re.compile(r"(?:by|before|until|till)\b", re.IGNORECASE)
_WEEKDAY: Final = re.compile(r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b", re.IGNORECASE)
_YEAR: Final = re.compile(r"\d{4}")
_AGO: Final = re.compile(r"\b(?:last|ago|yesterday|past|previous|since)\b", re.IGNORECASE)
_END_OF: Final = re.compile(
    r"\b(?:by|before|until|at|due)?\s*(?:the\s+)?"
    r"(?:end of (?:the |this )?(?P<what>day|week|month|quarter|year)|(?P<short>EOD|COB|EOW|EOM))\b",
    re.IGNORECASE,
)
_DAY_OF_MONTH: Final = re.compile(r"\b(?:by|before|until|on|due)\s+the\s+(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)\b", re.I)
_SHORT: Final = {"eod": "day", "cob": "day", "eow": "week", "eom": "month"}


def due_in(written: Written, start: int, end: int) -> tuple[date | None, str]:
    """The day until which, and the words that say so; none where the sentence names no time to come."""
    found = [*_from_dates(written, start, end), *_own(written, start, end)]
    strict = [one for one in found if one[2]] or found
    return strict[0][:2] if strict else (None, "")


def _from_dates(written: Written, start: int, end: int) -> Iterator[tuple[date, str, bool]]:
    """(day, words, whether they say 'until') of each date that is not past."""
    for one in written.dates:
        if start <= one.start < end:
            words = written.text[one.start : one.end]
            before = written.text[max(start, one.start - 30) : one.start]
            day = _forward(one, words, written.at.date())
            if day is not None:
                yield day, words, bool(_BEGINS_UNTIL.match(words) or _UNTIL.search(before))


def _forward(one: DateFound, words: str, today: date) -> date | None:
    """The last day that is meant; 'Friday' is the next one, 'June 3' that of this year or the next."""
    if one.ends_at.year > 9000 or _AGO.search(words):
        return None
    last = (one.ends_at - timedelta(seconds=1)).date()
    if last < today and _WEEKDAY.search(words) and not _YEAR.search(words):
        last += timedelta(days=7 * -(-(today - last).days // 7))
    elif last < today and not _YEAR.search(words) and last.year >= today.year - 1:
        last = _same_day(last, last.year + 1)
    return last if last >= today else None


def _own(written: Written, start: int, end: int) -> Iterator[tuple[date, str, bool]]:
    """What names a day only where something is due: 'by the end of the month', 'EOD', 'by the 20th'."""
    today, sentence = written.at.date(), written.text[start:end]
    if match := _END_OF.search(sentence):
        period = match["what"].lower() if match["what"] else _SHORT[match["short"].lower()]
        yield _end_of(period, today), match.group().strip(), True
    if match := _DAY_OF_MONTH.search(sentence):
        day = _next_day(int(match["day"]), today)
        if day is not None:
            yield day, match.group(), True


def _end_of(period: str, today: date) -> date:
    if period == "day":
        return today
    if period == "week":
        return today + timedelta(days=6 - today.weekday())
    month = {"month": today.month, "quarter": (today.month + 2) // 3 * 3, "year": 12}[period]
    return date(today.year, month, monthrange(today.year, month)[1])


def _next_day(number: int, today: date) -> date | None:
    """The next day of that number, of this month or the next."""
    year, month = today.year, today.month
    for _ in range(3):
        if number <= monthrange(year, month)[1] and date(year, month, number) >= today:
            return date(year, month, number)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return None


def _same_day(day: date, year: int) -> date:
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))
