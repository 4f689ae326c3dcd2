"""Timestamps as exports write them (epoch in any unit, ISO 8601, MongoDB's $date) to UTC datetimes."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta

EARLIEST_EPOCH_S = 631_152_000  # 1990: smaller numbers are counters or zeros, not the time of a message
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LATEST_EPOCH_S = LATEST.timestamp()
EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBER = re.compile(r"\d{1,22}(\.\d{1,12})?")
ISO_LIKE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)


def parse_time(value: object) -> datetime | None:
    """UTC, or None where `value` is missing, absurd or no time; a time without a zone is taken as UTC."""
    if isinstance(value, datetime):
        return _within(value)
    if isinstance(value, date):
        return _within(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_epoch(value)
    if isinstance(value, str):
        return _from_text(value.strip()[:64])
    if isinstance(value, dict):
        inner = value.get("$date", value.get("$numberLong"))
        return None if isinstance(inner, dict) and "$date" in inner else parse_time(inner)
    return None


def _from_epoch(number: int | float) -> datetime | None:
    """Seconds, milliseconds, microseconds or nanoseconds, told apart by size."""
    if isinstance(number, float) and not math.isfinite(number):
        return None
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        seconds = number / unit if abs(number) < 10**22 else 0
        if EARLIEST_EPOCH_S <= seconds < LATEST_EPOCH_S:
            return EPOCH + timedelta(seconds=seconds)
    return None


def _from_text(text: str) -> datetime | None:
    if NUMBER.fullmatch(text):
        if len(text) == 4:
            return None
        return _from_epoch(float(text))
    try:
        return _within(datetime.fromisoformat(text))
    except ValueError:
        pass
    found = ISO_LIKE.match(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    moment += timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))
    return _within(moment.replace(tzinfo=UTC) - _offset(zone or "Z"))


def _offset(zone: str) -> timedelta:
    if zone[0] not in "+-":
        return timedelta(0)
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return size if zone[0] == "+" else -size


def _within(moment: datetime) -> datetime | None:
    try:
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return aware if EARLIEST <= aware < LATEST else None
