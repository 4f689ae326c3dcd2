"""The grammar of time: patterns of meanings (`_time_words`), the same in every language, and what they span."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from memories.questions._moments import (
    BEGINNING,
    DAY,
    ENDLESS,
    Span,
    Turn,
    chosen,
    date_span,
    day_span,
    holiday_span,
    midnight,
    month_span,
    moved,
    numbered_week_span,
    part_span,
    period_span,
    quarter_span,
    season_span,
    week_span,
    year_span,
)
from memories.questions._time_words import Item


@dataclass(frozen=True, slots=True)
class Asking:
    """When a text was written, on its author's clock, and whether it speaks of the future."""

    at: datetime
    future: bool

    def turn(self, items: Sequence[Item]) -> Turn:
        """Which of the recurring: as 'last', 'this' or 'next' among the words says."""
        for letter, turn in _TURNS.items():
            if any(letter in item.means for item in items):
                return turn
        return "future" if self.future else "recent"


Build = Callable[[Sequence[Item], Asking], "Span | list[Span] | None"]
_TURNS: Final[dict[str, Turn]] = {"L": "last", "p": "last", "T": "this", "X": "next"}
_MONTH: Final = "Mcmba"
_LIKELY_MONTH: Final = "Mcb"


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern of meanings, what to make of the words, and the meaning of what is made."""

    pattern: str
    build: Build


def value(items: Iterable[Item], letters: str) -> Any:
    """The value of the first word that may mean one of these; None when there is none."""
    for item in items:
        for letter in letters:
            if letter in item.means:
                return item.means[letter]
    return None


def _year(items: Sequence[Item]) -> int | None:
    found: int | None = value(items, "Yy")
    return found


def _recurring(of_year: Callable[[int], Span], items: Sequence[Item], asking: Asking) -> Span:
    year = _year(items)
    if year is not None:
        return of_year(year)
    return chosen(of_year, asking.at, asking.turn(items))._replace(recurs=of_year)


def _date(items: Sequence[Item], asking: Asking) -> Span | None:
    month = next(item for item in items if any(letter in item.means for letter in _MONTH))
    day = value([item for item in items if item is not month], "gO")
    number = value([month], _MONTH)

    def of_year(year: int) -> Span:
        leap = number == 2 and day == 29 and (year % 4 or (year % 100 == 0 and year % 400))
        return date_span(year + (4 - year % 4) if leap and _year(items) is None else year, number, day)

    return _recurring(of_year, items, asking)


def _days_of_month(items: Sequence[Item], asking: Asking) -> Span | None:
    """'3 to 7 May'."""
    days = [value([item], "gO") for item in items if ("g" in item.means or "O" in item.means)]
    month = value(items, _MONTH)

    def of_year(year: int) -> Span:
        return Span(date_span(year, month, days[0]).start, date_span(year, month, days[1]).end, "range")

    return _recurring(of_year, items, asking)


def _month(items: Sequence[Item], asking: Asking) -> Span:
    number = value(items, _MONTH)
    return _recurring(lambda year: month_span(year, number), items, asking)


def _season(items: Sequence[Item], asking: Asking) -> Span | list[Span]:
    season = value(items, "S")
    year = _year(items)
    if season == 4 and year is not None:
        return [season_span(year, 4), season_span(year - 1, 4)]
    return _recurring(lambda year: season_span(year, season), items, asking)


def _holiday(items: Sequence[Item], asking: Asking) -> Span:
    key = value(items, "H")
    return _recurring(lambda year: holiday_span(key, year), items, asking)


def _whole_year(items: Sequence[Item], asking: Asking) -> Span | None:
    year = _year(items)
    return None if year is None else year_span(year)


def _likely_year(items: Sequence[Item], asking: Asking) -> Span | None:
    """A year that nothing tells from a number: 2000 is mostly a number."""
    year = _year(items)
    return None if year is None or year % 1000 == 0 else year_span(year)


def _quarter(items: Sequence[Item], asking: Asking) -> Span:
    quarter = value(items, "QO")
    return _recurring(lambda year: quarter_span(year, quarter), items, asking)


def _numbered_week(items: Sequence[Item], asking: Asking) -> Span:
    week = value(items, "g")
    return _recurring(lambda year: numbered_week_span(year, week), items, asking)


def _week_of_month(items: Sequence[Item], asking: Asking) -> Span:
    """'The first week of May': seven days, the last seven for 'last'."""
    nth, number = value(items, "O"), value(items, _MONTH)

    def of_year(year: int) -> Span:
        month = month_span(year, number)
        start = month.end - 7 * DAY if nth is None else month.start + 7 * (nth - 1) * DAY
        return Span(start, start + 7 * DAY, "week")

    year = _year(items)
    return of_year(year) if year is not None else chosen(of_year, asking.at, "future" if asking.future else "recent")


def _weekday(items: Sequence[Item], asking: Asking) -> Span:
    today = midnight(asking.at)
    number = value(items, "Ww")
    turn = asking.turn(items)
    if turn == "this":
        return day_span(week_span(today).start + number * DAY, kind="weekday")
    if turn in ("next", "future"):
        return day_span(today + ((number - today.weekday() - 1) % 7 + 1) * DAY, kind="weekday")
    back = (today.weekday() - number) % 7
    return day_span(today - (back or (7 if turn == "last" else 0)) * DAY, kind="weekday")


def _weekday_of_week(items: Sequence[Item], asking: Asking) -> Span | None:
    """'Monday of last week'."""
    week = _period(items, asking)
    return day_span(week.start + value(items, "Ww") * DAY, kind="weekday") if week and week.kind == "week" else None


def _weekday_part(items: Sequence[Item], asking: Asking) -> Span:
    return part_span(_weekday(items, asking).start, value(items, "P"))


def _relative_day(items: Sequence[Item], asking: Asking) -> Span:
    """'Yesterday', 'yesterday evening'; 'the other day' is one of some."""
    offset, part = value(items, "D"), value(items, "P")
    day = midnight(asking.at) + offset * DAY
    if part:
        return part_span(day, part)
    return Span(day - 5 * DAY, day + 3 * DAY, "relative") if offset == -3 else day_span(day, kind="relative")


def _part_of_day(items: Sequence[Item], asking: Asking) -> Span:
    offset, part = value(items, "C")
    return part_span(midnight(asking.at) + offset * DAY, part)


def _period(items: Sequence[Item], asking: Asking) -> Span | None:
    """'Last week', 'this month', 'next year'."""
    meant = value(items, "V")
    if meant:
        return period_span(meant[0], meant[1], asking.at)
    unit, factor = value(items, "U")
    if factor != 1 or unit in "hd":
        return None
    offset = {"last": -1, "this": 0, "next": 1}[asking.turn(items)]
    return period_span(unit, offset, asking.at)


def _within_last(items: Sequence[Item], asking: Asking) -> Span | None:
    """'In the last month': since the last one began, for some mean the calendar's and some the days gone by."""
    period = _period(items, asking)
    return None if period is None else Span(period.start, _tomorrow(asking), "relative")


def _ago(items: Sequence[Item], asking: Asking) -> Span:
    return _around_point(items, asking, -1)


def _ahead(items: Sequence[Item], asking: Asking) -> Span:
    return _around_point(items, asking, 1)


def _around_point(items: Sequence[Item], asking: Asking, sign: int) -> Span:
    """A day that far away; the larger the unit and the vaguer the number, the more days around it."""
    unit, factor = value(items, "U")
    vague = value(items, "v") is not None
    count = (value(items, "N") or 1) * factor
    if unit == "h":
        moment = moved(asking.at, "h", sign * count)
        return Span(moment - timedelta(hours=1 + vague), moment + timedelta(hours=1 + vague), "relative")
    day = midnight(moved(asking.at, unit, sign * count))
    slack = _SLACK_DAYS[unit] * (2 if vague else 1) * (10 if factor == 10 else 1) + (2 if vague and unit == "d" else 0)
    return Span(day - slack * DAY, day + (slack + 1) * DAY, "relative")


_SLACK_DAYS: Final = {"d": 0, "k": 3, "e": 3, "n": 15, "q": 45, "r": 182}


def _rolling_back(items: Sequence[Item], asking: Asking) -> Span:
    unit, factor = value(items, "U")
    count = (value(items, "N") or 1) * factor
    return Span(midnight(moved(asking.at, unit, -count)), _tomorrow(asking), "relative")


def _rolling_ahead(items: Sequence[Item], asking: Asking) -> Span:
    unit, factor = value(items, "U")
    count = (value(items, "N") or 1) * factor
    return Span(midnight(asking.at), midnight(moved(asking.at, unit, count)) + DAY, "relative")


def _tomorrow(asking: Asking) -> datetime:
    return midnight(asking.at) + DAY


def _literal(items: Sequence[Item], asking: Asking) -> list[Span]:
    spans: list[Span] = value(items, "Z")
    return spans


# Years meant by 'last year', read first so that 'May of last year' is like 'May 2023'.
YEARS: Final = (
    Rule("(?<!Io+)[LXT]o?r", lambda items, asking: _period(items, asking)),
    Rule("ro*[LXT]", lambda items, asking: _period(items, asking)),
    Rule("V", lambda items, asking: _period(items, asking)),
)

_DAY_MONTH: Final = r"(?:[Ww],?[oi]*)?[gO]o*"
_YEAR: Final = r",?[Iio]*r?[Yy]"
# A word that is also something else counts as a month after these.
_AFTER_HINT: Final = "(?<=[Ii1us2~fEKJ][oit]*)"

BASE: Final = (
    Rule("Z", _literal),
    Rule(rf"{_DAY_MONTH}[{_MONTH}]{_YEAR}", _date),
    Rule(rf"(?:[Ww],?o*)?[{_MONTH}]o*[gO]{_YEAR}", _date),
    Rule(rf"[Yy],?o*[{_MONTH}]o*[gO]", _date),
    Rule(rf"{_DAY_MONTH}[{_LIKELY_MONTH}]", _date),
    Rule(rf"{_DAY_MONTH}[ma](?![0])", _date),
    Rule(rf"(?<=[Iif]o*){_DAY_MONTH}[ma]", _date),
    Rule(rf"(?:[Ww],?o*)?(?:[{_LIKELY_MONTH}]o*[gO]|[ma]o*O|[ma]g(?![0]))(?!o*[dknrhe])", _date),
    Rule("(?<=[Iif]o*)[ma]o*g", _date),
    Rule(rf"[io]*[gO]t[gO]o*[{_MONTH}](?:{_YEAR})?", _days_of_month),
    Rule(rf"R[io]*[gO]&[io]*[gO]o*[{_MONTH}](?:{_YEAR})?", _days_of_month),
    Rule(rf"f[io]*[gO]o*t[io]*[gO]o*[{_MONTH}](?:{_YEAR})?", _days_of_month),
    Rule(rf"[{_MONTH}]o*[gO]t[gO](?:{_YEAR})?", _days_of_month),
    Rule(rf"[{_MONTH}]{_YEAR}", _month),
    Rule("[Yy],?[Io]*M|[Yy][Io]*[cb]|[Yy][Io]+m", _month),
    Rule("M", _month),
    Rule(f"{_AFTER_HINT}[cm]|(?<=R[Mcm]&)[cm]|(?<=[Mcm]t)[cm]|(?<=R)o?[cm](?=&[Mcm])|[cm](?=t[Mcm])", _month),
    Rule("[LXT]o?[Mc]|[LX]o?m|[Mcm]o*[LXT](?!o*[knreq])", _month),
    Rule("(?<=[IiR1us2~fEKJot&])[Yy]|r[Yy]|y", _whole_year),
    Rule("Y", _likely_year),
    Rule(f"[LXT]o*S|So*[LXT]|S{_YEAR}|[Yy][Io]*S|(?<=[IiR1us2~EKJft][oi]*)S|(?<=S&o*)S", _season),
    Rule(f"[LXT]o*H|Ho*[LXT]|H(?:{_YEAR})?|[Yy][Io]*H", _holiday),
    Rule("W|(?<=[Ii]o*)w|[LXT]o*[Ww]|[Ww]o*[LXT]", _weekday),
    Rule("[Ww][Iio]*(?:[LXT]o*k|ko*[LXT]|Vo*)|(?:[LXT]o*k|ko*[LXT]|Vo*)[Iio]*[Ww]", _weekday_of_week),
    Rule("(?:[LXT]o*)?[Ww][Iio]*P", _weekday_part),
    Rule("D[Iio]*P?", _relative_day),
    Rule("C", _part_of_day),
    Rule("(?<=Io+)L[knrq]", _within_last),
    Rule("V|[LXT]o?[keqn]|[keqn]o*[LXT]", _period),
    Rule("No*UA|Bo*No*UA?|UA|Bo*U", _ago),
    Rule("Fo*No*U|No*UG", _ahead),
    Rule("[Lp]o*No*U|No*[Lp]o*U|No*U[Lp]|po*U|so*No*U|sBo*No*U", _rolling_back),
    Rule("Xo*No*U|No*Xo*U", _rolling_ahead),
    Rule(rf"Q(?:{_YEAR})?|[Yy]o*Q|Oo*q{_YEAR}", _quarter),
    Rule(f"xo*g(?:{_YEAR})?", _numbered_week),
    Rule(rf"[OL]ko*[{_MONTH}](?:{_YEAR})?", _week_of_month),
)


def _spans(items: Sequence[Item]) -> list[Span]:
    """The first reading of each span among the words."""
    return [item.means["@"][0] for item in items if "@" in item.means]


def _part(items: Sequence[Item], asking: Asking) -> Span:
    """The first, the middle or the last part of a span: a third of a month, a quarter of others."""
    span = _spans(items)[0]
    third = (span.end - span.start) / 3
    first = next(n for n, letter in enumerate("EKJ") if any(letter in item.means for item in items))
    start = midnight(span.start + first * third)
    return Span(start, midnight(start + third) + DAY, span.kind)


def _apart(items: Sequence[Item], asking: Asking) -> Span:
    """'Two weeks before Christmas', 'the day after Easter'."""
    span = _spans(items)[0]
    unit, factor = value(items, "U")
    count = (value(items, "N") or 1) * factor
    earlier = any("1" in item.means or "B" in item.means for item in items)
    point = span.start if earlier else span.end - DAY
    day = moved(point, unit, -count if earlier else count)
    slack = _SLACK_DAYS.get(unit, 0)
    return Span(day - slack * DAY, day + (slack + 1) * DAY, "relative")


def _widened(items: Sequence[Item], asking: Asking) -> Span:
    """'Around Christmas': half as long before and after, three days at least."""
    span = _spans(items)[0]
    slack = max(3 * DAY, (span.end - span.start) / 2)
    return Span(midnight(span.start - slack), midnight(span.end + slack), span.kind)


def _range(items: Sequence[Item], asking: Asking) -> Span | None:
    """From one span to another; a first without a year is the last one before the second."""
    first, second = _spans(items)
    if first.recurs and (first.start > second.start or not second.recurs):
        first = first.recurs(second.start.year)
        if first.start > second.start and first.recurs is None:
            first = _spans(items)[0].recurs(second.start.year - 1)  # type: ignore[misc]
    return Span(first.start, second.end, "range") if first.start < second.end else None


def _open(start: str | None, end: str | None) -> Build:
    """A span to or from the edge of another, open at its other side."""

    def build(items: Sequence[Item], asking: Asking) -> Span:
        span = _spans(items)[0]
        return Span(getattr(span, start) if start else BEGINNING, getattr(span, end) if end else ENDLESS, "open")

    return build


COMBINED: Final = (
    (Rule("[EKJ][ot]*@", _part),),
    (Rule("No*U1[oi]*@|No*U2[oi]*@|o?U1[oi]*@|o?U2[oi]*@", _apart), Rule("~o*@", _widened)),
    (Rule("R[Iio]*@,?&[Iio]*@|f?[Iio]*@o*t[Iio]*@", _range),),
    (
        Rule("1[oi]*@", _open(None, "start")),
        Rule("u[oi]*@", _open(None, "end")),
        Rule("2[oi]*@", _open("end", None)),
        Rule("s[oi]*@", _open("start", None)),
    ),
)
# 'Two weeks before …', where no date follows.
BEFORE_ANCHOR: Final = "(?:No*)?U[12](?![oi]*@)"
