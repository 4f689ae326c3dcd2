"""Phone numbers, by Google's libphonenumber: what it calls valid, and what is written or called one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
from django.conf import settings
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from enrichment.entities._found import Found, found
from enrichment.entities._words import alternatives

# Where most who write a language live; a setting says it better.
_REGIONS: Final = {
    "en": ("US", "GB"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH"),
    "es": ("ES", "MX"),
    "it": ("IT",),
    "pt": ("PT", "BR"),
    "nl": ("NL", "BE"),
}
_ENOUGH_DIGITS: Final = re.compile(r"\+?\(?\d(?:[\s().\-/–]{0,3}\d){6}")
_CALLED: Final = re.compile(
    rf"(?<!\w)(?:{alternatives('called')})\W{{0,3}}(?:number|nr|no|me|us|at|on|him|her|them|is|unter|ist|est|es|è|é)?"
    r"\W{0,3}(?:at|on|unter)?\W{0,3}$",
    re.IGNORECASE,
)
_GROUPED: Final = re.compile(r"\d[\s().\-/–]+\(?\d")
_DATE_LIKE: Final = re.compile(
    r"(?:19|20)\d\d[\s./\-](?:0?\d|1[0-2])[\s./\-]\d|\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)\d\d"
)
_YEARS: Final = re.compile(r"(?:19|20)\d\d\s?[\-–/ ]\s?(?:19|20)\d\d\D?")
_OTHER_NUMBER: Final = re.compile(
    rf"(?<!\w)(?:{alternatives('other_numbers')})\W{{0,3}}(?:no|number|nr|is|id|#)?\W{{0,4}}$", re.IGNORECASE
)


def phones(text: str, language: str) -> Iterator[Found]:
    """Numbers with a country code, and the language's countries' that are grouped or called a number (E.164)."""
    if not _ENOUGH_DIGITS.search(text):
        return
    seen: set[int] = set()
    for region in _regions(language):
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            if match.start in seen or not _meant(text, match.start, match.raw_string):
                continue
            seen.add(match.start)
            value = phonenumbers.format_number(match.number, PhoneNumberFormat.E164)
            extension = f";ext={match.number.extension}" if match.number.extension else ""
            span = match.start, match.start + len(match.raw_string)
            yield found("phone", text, span, value + extension, f"a valid number ({_country(match.number) or region})")


def _country(number: phonenumbers.PhoneNumber) -> str | None:
    return phonenumbers.region_code_for_number(number)


def _regions(language: str) -> tuple[str, ...]:
    if settings.PHONE_REGION:
        return (settings.PHONE_REGION,)
    return _REGIONS.get(language.split("-")[0].lower(), ("US",))


def _meant(text: str, start: int, written: str) -> bool:
    before, after = text[max(0, start - 30) : start], text[start + len(written) :][:1]
    if before[-1:] in tuple("/.,#$€£_=:-\\@") or after in tuple("/_@\\%€$£") or before[-1:].isalnum():
        return False
    if _OTHER_NUMBER.search(before) or _DATE_LIKE.search(written) or _YEARS.fullmatch(written):
        return False
    if written.startswith("+"):
        return True
    return bool(_CALLED.search(before)) or (_is_grouped(written) and "." not in written)


def _is_grouped(written: str) -> bool:
    """Written as a number: it begins with a zero or a bracket, or its groups are joined by hyphens."""
    return bool(_GROUPED.search(written)) and (
        written[0] in "0(" or bool(re.fullmatch(r"\d{3}-\d{3}-\d{4}.*", written))
    )
