"""The date lines of Takeout's HTML, in the language of the account: 'Mar 3, 2026, 6:25:05 AM PDT'."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta

# The first letters of the months in English, German, French, Spanish, Italian, Portuguese, Dutch and Polish;
# accents are folded and the longest prefix wins ("juil" before "jui").
MONTHS = {
    1: "jan ene gen januar sty", 2: "feb fev fevr lut", 3: "mar mars mrz maerz maart mrt marz",
    4: "apr avr abr kwi",
    5: "may mai mei mag maj", 6: "jun juin giu cze", 7: "jul juil lug lip", 8: "aug aou ago sie",
    9: "sep sept set wrz", 10: "oct okt ott out paz", 11: "nov lis", 12: "dec dez dic des gru",
}  # fmt: skip
MONTH_OF = {prefix: number for number, prefixes in MONTHS.items() for prefix in prefixes.split()}
ZONES_H = {
    "utc": 0, "gmt": 0, "wet": 0, "bst": 1, "cet": 1, "mez": 1, "west": 1, "cest": 2, "mesz": 2, "eet": 2,
    "eest": 3,
    "msk": 3, "ist": 5.5, "jst": 9, "kst": 9, "hst": -10, "akst": -9, "akdt": -8, "pst": -8, "pdt": -7, 
    "mst": -7,
    "mdt": -6, "cst": -6, "cdt": -5, "est": -5, "edt": -4, "brt": -3, "aest": 10, "aedt": 11, "nzst": 12,
    "nzdt": 13,
}  # fmt: skip
CLOCK = re.compile(r"(?<!\d)(\d{1,2})[:.h](\d{2})[:.m](\d{2})(?!\d)s?")
NOON = re.compile(r"\b([ap])\.?\s?m\b\.?|(오전|上午|午前)|(오후|下午|午後)", re.IGNORECASE)
SHIFT = re.compile(r"(?:utc|gmt)\s*([+-]\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})")
DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})(?!\d)")
NAMED = re.compile(r"(?<!\d)(\d{1,2})(?!\d)|(?<!\d)(\d{4})(?!\d)|([a-z]{3,})")
LONGEST = 80


def parse_local_time(line: str) -> datetime | None:
    """The moment, when the whole line is a date with a clock time to the second; else None."""
    if len(line) > LONGEST:
        return None
    text = _folded(line)
    clock = CLOCK.search(text)
    if not clock:
        return None
    day = _day(text[: clock.start()])
    if day is None:
        return None
    hour = _hour(int(clock[1]), text)
    try:
        moment = datetime(*day, hour, int(clock[2]), int(clock[3]), tzinfo=UTC)
    except ValueError:
        return None
    return moment - _zone(text[clock.end() :])


def _folded(line: str) -> str:
    spaced = re.sub(r"\s+", " ", line).strip().lower()
    return unicodedata.normalize("NFKC", _unaccented(spaced))


def _unaccented(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f"))


def _day(text: str) -> tuple[int, int, int] | None:
    if found := YEAR_FIRST.search(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := DAY_FIRST.search(text):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        # 'M/D/YYYY' is written with slashes in the United States only; a day above 12 settles it.
        month_first = second > 12 and first <= 12
        return (year, first, second) if month_first else (year, second, first)
    return _named_day(text)


def _named_day(text: str) -> tuple[int, int, int] | None:
    year = month = day = None
    for short, long, word in NAMED.findall(text):
        if long:
            year = int(long)
        elif short and day is None:
            day = int(short)
        elif word and month is None:
            month = _month(word)
    if year is None or month is None or day is None or len(text.split()) > 7:
        return None
    return year, month, day


def _month(word: str) -> int | None:
    for size in range(min(len(word), 6), 2, -1):
        if word[:size] in MONTH_OF:
            return MONTH_OF[word[:size]]
    return None


def _hour(hour: int, text: str) -> int:
    noon = NOON.search(text)
    if not noon or hour > 12:
        return hour
    afternoon = bool(noon[3]) or (noon[1] or "").lower() == "p"
    return hour % 12 + (12 if afternoon else 0)


def _zone(text: str) -> timedelta:
    if found := SHIFT.search(text):
        hours, minutes = int(found[1]), int(found[2] or 0)
        return timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes)
    for word in re.findall(r"[a-z]{3,4}", text):
        if word in ZONES_H:
            return timedelta(hours=ZONES_H[word])
    return timedelta(0)
