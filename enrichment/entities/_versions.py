"""Versions: called so, written with a v, following a program's name, or of three numbers and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from enrichment.entities._found import Found, found
from enrichment.entities._numbering import is_numbering, is_version_word
from enrichment.entities._words import alternatives, word_set

_PRE: Final = rf"(?:[-+._]?(?:{alternatives('prerelease')})[-.]?\d*(?:[.+~\-][0-9A-Za-z]+)*)"
_SEMVER_TAIL: Final = r"(?:-[0-9A-Za-z]+(?:[.\-][0-9A-Za-z]+)*)?(?:\+[0-9A-Za-z]+(?:[.\-][0-9A-Za-z]+)*)?"
_END: Final = r"(?![\w%€$£°]|[.,:/]-?\d|-\d)"
_WITH_V: Final = re.compile(
    rf"(?<![\w.\-/])[vV](\d+(?:\.\d+){{0,4}}(?:\.[x*])?(?:{_PRE}|{_SEMVER_TAIL}))(?![\w]|[.:/]\d)"
)
_DOTTED: Final = re.compile(
    rf"(?:(?<=[^\W\d_]{{3}}/)|(?<![\w.,:/$€£#\\\-])[~^]?|[<>=!~]=\s?|[<>]\s?)(\d{{1,5}}(?:\.\d{{1,6}}){{1,4}}(?:\.[x*])?(?:{_PRE}|{_SEMVER_TAIL})){_END}",
    re.IGNORECASE,
)
_SPOKEN: Final = re.compile(rf"(?<![\w.,:/$€£#\\\-])(\d{{1,4}}){_END}(?!\s?(?:of|von|von|times|mal)\b)")
_PROGRAM: Final = re.compile(rf"(?<![\w.\-])({alternatives('programs')})(?:[ -]|==)(?=\d)")
_WHOLE: Final = word_set("whole_versions")
_NUMBER: Final = re.compile(rf"\d+(?:\.\d+){{0,4}}(?:\.[x*])?(?:{_PRE}|{_SEMVER_TAIL}){_END}", re.IGNORECASE)
_CALLED: Final = re.compile(r"\b(?:version|versión|versione|versão|versie)\s$", re.IGNORECASE)
# Days of the calendar are found before versions; this is one that the calendar lacks.
_DAY: Final = re.compile(r"\d{1,2}\.\d{1,2}\.(?:19|20)\d\d(?!\d)")
_PRERELEASE: Final = re.compile(r"alpha|beta|rc|dev|SNAPSHOT")
_NETWORK: Final = re.compile(rf"\b(?:{alternatives('network')})\b\W*$", re.IGNORECASE)


def versions(text: str) -> Iterator[Found]:
    """Versions without their v; after a program's name the value names both: `Python 3.11`."""
    yield from _after_programs(text)
    for match in _WITH_V.finditer(text):
        if len(match[1]) > 1 or not text[: match.start()].rstrip().endswith((".", "Henry", "King")):
            yield found("version", text, match.span(), match[1], "a number after v")
    for match in _DOTTED.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()]
        if rule := _reason(before, match[1], text[match.start() : match.start(1)]):
            yield found("version", text, match.span(1), match[1], rule)
    for match in _SPOKEN.finditer(text):
        if _CALLED.search(text[max(0, match.start() - 12) : match.start()]):
            yield found("version", text, match.span(1), match[1], "called a version")


def _after_programs(text: str) -> Iterator[Found]:
    for program in _PROGRAM.finditer(text):
        number = _NUMBER.match(text, program.end())
        if number and ("." in number.group() or _is_whole(program[1], number.group())):
            name = f"{program[1]} {number.group()}"
            yield found("version", text, (program.start(), number.end()), name, "a number after a program's name")


def _is_whole(program: str, number: str) -> bool:
    return program in _WHOLE and len(number) <= 4


def _reason(before: str, number: str, operator: str) -> str:
    """Why a dotted number is a version; empty when it is none."""
    if is_numbering(before) or _DAY.match(number):
        return ""
    if is_version_word(before):
        return "called a version"
    parts = re.match(r"[\d.]+", number)
    count = parts.group().strip(".").count(".") + 1 if parts else 0
    if operator.strip() and operator.strip() not in "<>":
        return "compared as a version"
    if before.endswith("/"):
        return "a name, a slash and a number"
    if count == 3:
        return "three numbers" if not _is_grouped(number) else ""
    if count == 4 and not _all_octets(number) and re.search(r"[^\W\d_]\s$", before) and not _speaks_of_network(before):
        return "four numbers after a name"
    return "a number and its state" if count == 2 and _PRERELEASE.search(number) else ""


def _is_grouped(number: str) -> bool:
    """`1.000.000` is a million."""
    return bool(re.fullmatch(r"\d{1,3}(?:\.\d{3})+", number))


def _all_octets(number: str) -> bool:
    return all(int(part) < 256 for part in re.findall(r"\d+", number)[:4])


def _speaks_of_network(before: str) -> bool:
    return bool(_NETWORK.search(before))
