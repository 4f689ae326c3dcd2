"""Numbers with a check digit: bank accounts and books. What fails the check is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from enrichment.entities._found import Found, found
from enrichment.entities._words import table

_IBAN: Final = re.compile(r"(?<![\w\-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\w\-])")
# Lengths by country (SWIFT's IBAN registry).
_IBAN_LENGTHS: Final[dict[str, int]] = table("iban_lengths")
_ISBN: Final = re.compile(
    r"(?<![\w\-])(?:(?P<said>ISBN)(?:-1[03])?:?\s?)?(?P<digits>(?:97[89][- ]?)?\d(?:[- ]?\d){8}[- ]?[\dX])(?![\w\-])"
)


def ibans(text: str) -> Iterator[Found]:
    """International bank account numbers, without spaces (ISO 13616, check by modulus 97)."""
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match.group()[:2], 0)
        written = _of_length(match.group(), length)
        if written and _mod_97(written.replace(" ", "")) == 1:
            span = match.start(), match.start() + len(written)
            yield found("iban", text, span, written.replace(" ", ""), "its check digits are right")


def isbns(text: str) -> Iterator[Found]:
    """ISBN-10 and ISBN-13, called so or with hyphens, as thirteen digits (ISO 2108)."""
    for match in _ISBN.finditer(text):
        digits = re.sub(r"[- ]", "", match["digits"])
        if (match["said"] or (len(digits) == 13 and match["digits"].count("-") == 4)) and _isbn_is_right(digits):
            yield found("isbn", text, match.span("digits"), _thirteen(digits), "its check digit is right")


def _of_length(written: str, length: int) -> str:
    """The beginning that has so many letters and digits; the next word may follow in capitals."""
    counted = 0
    for place, character in enumerate(written):
        counted += character != " "
        if counted == length:
            return written[: place + 1] if written[place + 1 : place + 2] in ("", " ") else ""
    return ""


def _mod_97(iban: str) -> int:
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97


def _isbn_is_right(digits: str) -> bool:
    if len(digits) == 13:
        return digits.isdigit() and _ean_sum(digits) % 10 == 0
    values = [10 if character == "X" else int(character) for character in digits]
    return len(values) == 10 and sum((10 - place) * value for place, value in enumerate(values)) % 11 == 0


def _thirteen(digits: str) -> str:
    if len(digits) == 13:
        return digits
    first = f"978{digits[:9]}"
    return f"{first}{-_ean_sum(first) % 10}"


def _ean_sum(digits: str) -> int:
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
