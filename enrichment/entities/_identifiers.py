"""Identifiers of programs: written with underscores or humps, called, or in a code span."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from enrichment.entities._found import Found, found
from enrichment.entities._words import word_set

_BEFORE: Final = r"(?<![\w@#/\\.$%:\-])"
_SNAKE: Final = r"_{0,2}[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+_{0,2}"
_DUNDER: Final = r"__[a-z][a-z0-9]*__"
_CAMEL: Final = r"[a-z]{2,}[0-9]?(?:[A-Z][a-z0-9]+)+"
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_MARKED: Final = re.compile(
    rf"{_BEFORE}(?:{_NAME}(?:\.|::|->))*(?:{_SNAKE}|{_DUNDER}|{_CAMEL})(?:(?:\.|::|->){_NAME})*(?:\(\))?(?![\w@\\]|\.\w|://)"
)
_CALLED: Final = re.compile(rf"{_BEFORE}(?:{_NAME}(?:\.|::|->))*{_NAME}\(\)(?!\w)")
_QUALIFIED: Final = re.compile(rf"{_BEFORE}{_NAME}(?:::{_NAME})+(?!\w)")
_SPAN: Final = re.compile(r"(?<!`)`([^`\n]{2,80})`(?!`)")
_IN_SPAN: Final = re.compile(rf"(?:{_NAME}(?:\.|::|->))*{_NAME}(?:\(\))?")
_HUMPS: Final = re.compile(r"(?:[A-Z][a-z0-9]+){2,}(?:\(\))?")
_POINTED: Final = re.compile(r".*[._:()>].*|.*[a-z0-9][A-Z].*")
# Names of people's things that are written with humps.
_NAMES: Final = word_set("humped_names")


def identifiers(text: str) -> Iterator[Found]:
    """snake_case, camelCase, CONSTANTS, calls, qualified names, and names in backticks; the value has no brackets."""
    for match in _SPAN.finditer(text):
        written = match[1]
        if _IN_SPAN.fullmatch(written) and _POINTED.fullmatch(written):
            yield found("identifier", text, match.span(1), _value(written), "in a code span")
    for pattern, rule in ((_MARKED, "underscores or humps"), (_CALLED, "a call"), (_QUALIFIED, "a qualified name")):
        for match in pattern.finditer(text):
            if match.group() not in _NAMES and not _is_placeholder(match.group()):
                yield found("identifier", text, match.span(), _value(match.group()), rule)


def _value(written: str) -> str:
    return written.removesuffix("()")


def _is_placeholder(written: str) -> bool:
    """`___` and `a_` name nothing."""
    return not re.search(r"[A-Za-z]{2}|\d", written)
