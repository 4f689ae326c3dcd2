"""Dates as the days that they mean from the memory's own date, and times of day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from enrichment.entities._found import Found
from enrichment.entities._numbering import is_version_word
from enrichment.entities._words import alternatives
from memories.questions import TimeSpan, time_spans

_CLOCK: Final = re.compile(
    r"(?<![\w.,:/$€£#\-])(?:(?P<h24>[01]?\d|2[0-3])[:h](?P<m24>[0-5]\d)(?::(?P<s24>[0-5]\d))?(?:\s?(?P<ap24>[ap]\.?m\b\.?))?"
    r"|(?P<h12>1[0-2]|0?[1-9])(?:[:.](?P<m12>[0-5]\d))?\s?(?P<ap>[ap]\.?m\b\.?)"
    r"|(?P<huhr>[01]?\d|2[0-3])(?:[.:](?P<muhr>[0-5]\d))?\s?(?P<uhr>Uhr\b|o['’]clock\b|uur\b)(?:\s(?P<nach>[0-5]\d)\b)?"
    r"|(?P<hh>[01]?\d|2[0-3])\s?(?P<heures>heures?|h)\b(?!\s?\d))"
    r"(?![\w]|[:/]\w|\.\d|%)",
    re.IGNORECASE,
)
_ISO: Final = re.compile(
    r"(?<![\w\-])(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s?(Z\b|[+-]\d\d:?\d\d\b)?", re.ASCII
)
_ISO_WEEK: Final = re.compile(r"(?<![\w\-])((?:19|20)\d\d)-W(\d\d)(?![\w\-])")
_NOT_A_CLOCK: Final = re.compile(
    rf"(?<!\w)(?:{alternatives('not_a_clock')}|\d)\s(?:\w+\s)?(?:of\s|is\s|was\s|mit\s)?$", re.IGNORECASE
)
_DOTTED: Final = re.compile(r"\d+\.\d+\.\d+")
_YEAR_ALONE: Final = re.compile(r"(?:19|20)\d\d")
# A number of four digits after these counts or names something else.
_COUNTED: Final = re.compile(rf"(?:(?<!\w)(?:{alternatives('counted')})|#|№|\+|=|\*|×|x)\s?$", re.IGNORECASE)
_UNIT: Final = re.compile(rf"\s?-?(?:{alternatives('units')})\b", re.IGNORECASE)
_FIRST_DAY: Final = datetime(2, 1, 1, tzinfo=UTC)
_LAST_DAY: Final = datetime(9999, 1, 1, tzinfo=UTC)


def dates(text: str, language: str, at: datetime) -> Iterator[Found]:
    """Days, months, years and stretches as ISO 8601 (`2026-05`, `2026-05-01/2026-05-08`), from when it was written.

    Where a date may be read in two ways (03/04/2025) the value holds both, parted by a bar.
    """
    stamps = [*_stamps(text), *_weeks(text, at)]
    yield from stamps
    for _, same in groupby(time_spans(text, at, language), key=lambda span: (span.start_char, span.end_char)):
        spans = list(same)
        one = spans[0]
        if not _other_number(text, one) and not any(stamp.start <= one.start_char < stamp.end for stamp in stamps):
            value = "|".join(dict.fromkeys(_iso(span, at) for span in spans))
            rule = f"{one.kind}, read from {at.date().isoformat()}"
            yield Found("date", one.start_char, one.end_char, one.text, value, rule, *_bounds(spans))


def times(text: str) -> Iterator[Found]:
    """Times of day as hh:mm, of 24 hours."""
    for match in _CLOCK.finditer(text):
        if value := _clock(match, text[max(0, match.start() - 25) : match.start()]):
            yield Found("time", match.start(), match.end(), match.group(), value, "a time of day")


def _stamps(text: str) -> Iterator[Found]:
    """Moments as machines write them: 2024-05-01T12:30:00Z."""
    for match in _ISO.finditer(text):
        zone = (match[3] or "").replace("Z", "+00:00")
        try:
            moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}")
        except ValueError:
            continue
        if moment.year < _FIRST_DAY.year:
            continue
        start = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        value = f"{match[1]}T{match[2]}{match[3] or ''}"
        end = start + timedelta(seconds=1)
        yield Found("date", match.start(), match.end(), match.group(), value, "a moment in ISO 8601", start, end)


def _weeks(text: str, at: datetime) -> Iterator[Found]:
    """Weeks by their number: 2024-W12."""
    for match in _ISO_WEEK.finditer(text):
        try:
            monday = datetime.fromisocalendar(int(match[1]), int(match[2]), 1).replace(tzinfo=at.tzinfo or UTC)
        except ValueError:
            continue
        end = monday + timedelta(days=7)
        value = f"{_day(monday, at)}/{_last(end, at)}"
        rule = "a week in ISO 8601"
        yield Found(
            "date", match.start(), match.end(), match.group(), value, rule, monday.astimezone(UTC), end.astimezone(UTC)
        )


def _other_number(text: str, span: TimeSpan) -> bool:
    """Whether a lone number of four digits is an order's or an amount, or a dotted one a version, and no date."""
    before, after = text[max(0, span.start_char - 20) : span.start_char], text[span.end_char : span.end_char + 15]
    if not _YEAR_ALONE.fullmatch(span.text):
        return _DOTTED.fullmatch(span.text) is not None and is_version_word(before)
    return bool(_COUNTED.search(before) or _UNIT.match(after))


def _bounds(spans: Sequence[TimeSpan]) -> tuple[datetime, datetime]:
    return min(span.start for span in spans), max(span.end for span in spans)


def _iso(span: TimeSpan, at: datetime) -> str:
    """The shortest form of ISO 8601 that says it; `..` is an open side (ISO 8601-2)."""
    if span.start < _FIRST_DAY:
        return f"../{_last(span.end, at)}"
    if span.end > _LAST_DAY:
        return f"{_day(span.start, at)}/.."
    if span.kind in ("part of day", "relative") and span.end - span.start < timedelta(days=1):
        return f"{_minute(span.start, at)}/{_minute(span.end, at)}"
    first, last = _day(span.start, at), _last(span.end, at)
    if first == last:
        return first
    return {"month": first[:7], "year": first[:4]}.get(span.kind, f"{first}/{last}")


def _local(moment: datetime, at: datetime) -> datetime:
    return moment.astimezone(at.tzinfo or UTC)


def _day(moment: datetime, at: datetime) -> str:
    return _local(moment, at).date().isoformat()


def _last(moment: datetime, at: datetime) -> str:
    return _day(moment - timedelta(seconds=1), at)


def _minute(moment: datetime, at: datetime) -> str:
    return _local(moment, at).strftime("%Y-%m-%dT%H:%M")


def _clock(match: re.Match[str], before: str) -> str:
    part = match.groupdict()
    if (
        part["heures"]
        and part["heures"].lower() == "h"
        and not re.search(r"(?:à|a|às|vers|de|dès|jusqu['’]à|alle)\s$", before, re.IGNORECASE)
    ):
        return ""
    if part["h24"] and not part["ap24"] and (_NOT_A_CLOCK.search(before) or ("h" in match.group() and part["s24"])):
        return ""
    hour = int(part["h24"] or part["h12"] or part["huhr"] or part["hh"])
    minute = part["m24"] or part["m12"] or part["muhr"] or part["nach"] or "00"
    half = (part["ap"] or part["ap24"] or "").lower()
    if half:
        if hour > 12:
            return ""
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return f"{hour:02d}:{int(minute):02d}"
