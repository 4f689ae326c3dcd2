"""Times that hang on an event ('two weeks before my birthday'): the event's day is looked up in memories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from memories.questions import Anchored, TimeSpan, anchored, time_spans
from memories.retrieval._request import Hit

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


def anchored_times(text: str, at: datetime, look_up: Callable[[str], list[Hit]]) -> tuple[TimeSpan, ...]:
    """The time that `text` hangs on an event, or nothing when it names none or no memory tells its day.

    `look_up` finds memories about the event, best first. A day that comes every year is the latest for which the time
    asked for has begun by `at`. Said in weeks or more, the time is a week wide, else a day.
    """
    hanging = anchored(text)
    if hanging is None:
        return ()
    for hit in look_up(hanging.anchor):
        memory = hit.memory
        days = [span for span in time_spans(memory.content, memory.occurred_at, memory.language) if _is_day(span)]
        if days:
            return (_moved(_latest(days[0], hanging, at), hanging),)
    return ()


def _is_day(span: TimeSpan) -> bool:
    return span.end - span.start <= 2 * _DAY


def _latest(day: TimeSpan, hanging: Anchored, at: datetime) -> TimeSpan:
    """The day in the asker's year, or the year before when that is still to come."""
    here = _in_year(day, at.year)
    return here if here.start + hanging.offset <= at else _in_year(day, at.year - 1)


def _in_year(day: TimeSpan, year: int) -> TimeSpan:
    if any(len(word) == 4 and word.isdigit() for word in day.text.replace(",", " ").replace("-", " ").split()):
        return day  # its own year is named
    number = min(day.start.day, 28) if day.start.month == 2 else day.start.day
    start = day.start.replace(year=year, day=number)
    return replace(day, start=start, end=start + _DAY)


def _moved(day: TimeSpan, hanging: Anchored) -> TimeSpan:
    slack = _WEEK / 2 if abs(hanging.offset) >= _WEEK else timedelta(0)
    start = day.start + hanging.offset
    return TimeSpan(start - slack, start + _DAY + slack, hanging.text, hanging.start_char, hanging.end_char, "relative")
