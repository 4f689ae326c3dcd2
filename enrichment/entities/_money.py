"""Amounts of money, as a decimal and its currency's code (ISO 4217)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from enrichment.entities._found import Found, found
from enrichment.entities._words import table, word_set

_SIGNS: Final = table("currencies", "signs")
_WORDS: Final = table("currencies", "words")
_ZEROS: Final = table("currencies", "zeros")
_GROUPED: Final = r"\d{1,3}(?:[,.'’\u202f\u00a0 ]\d{3})+(?:[.,]\d{1,2})?(?!\d)"
_NUMBER: Final = rf"{_GROUPED}|\d+[.,]\d+(?=[ \u00a0-]?[mbtMBT]\w)|\d+(?:[.,]\d{{1,2}})?(?!\d)"


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_MORE: Final = f"(?i:{_any_of(_ZEROS)})"
_CODE: Final = _any_of(word_set("currency_codes"))
_SIGN_FIRST: Final = re.compile(
    rf"(?<![\w$€£])({_any_of(_SIGNS)}|(?:{_CODE})(?=[ \d]))[ \u00a0]?({_NUMBER})(?:[ -]?({_MORE})(?!\w)\.?)?"
    r"(?![\w$]|[.,]\d)"
)
_SIGN_LAST: Final = re.compile(
    rf"(?<![\w.,$€£/:\-])({_NUMBER})(?:,-)?(?:[ \u00a0-]?({_MORE})\.?)?[ \u00a0\-]?"
    rf"({_any_of(_SIGNS)}|(?:{_CODE})(?!\w)|(?i:{_any_of(_WORDS)})(?!\w))(?![\d$])"
)


def amounts(text: str) -> Iterator[Found]:
    """Amounts with a sign, a code or a currency's name: `$1.5 million` is `1500000 USD`, `1.234,56 €` `1234.56 EUR`."""
    for match in _SIGN_FIRST.finditer(text):
        if value := _value(match[2], match[3], match[1]):
            end = match.end(3) if match[3] else match.end(2)
            yield found("money", text, (match.start(), end), value, "a sign and a number")
    for match in _SIGN_LAST.finditer(text):
        if match[3] == "$" and text[match.end() : match.end() + 1].isalnum():
            continue
        if value := _value(match[1], match[2], match[3]):
            yield found("money", text, match.span(), value, "a number and a currency")


def _value(number: str, more: str | None, currency: str) -> str:
    code = _SIGNS.get(currency) or _WORDS.get(currency.lower()) or currency
    try:
        amount = Decimal(_plain(number)).scaleb(_ZEROS[more.lower()] if more else 0)
    except (InvalidOperation, KeyError):
        return ""
    return f"{amount.normalize():f} {code}"


def _plain(number: str) -> str:
    """Points and commas by their place: the last with one or two digits behind it is the decimal point."""
    parts = re.split(r"[.,]", re.sub(r"['’\s\u202f\u00a0]", "", number))
    if len(parts) > 1 and len(parts[-1]) < 3:
        return "".join(parts[:-1]) + "." + parts[-1]
    return "".join(parts)
