"""Names that need no model: people who are known to write, programs, and titles of works in quotes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from enrichment.entities._found import Found, found
from enrichment.entities._words import word_set

_PRODUCT: Final = re.compile(
    rf"(?<![\w./@\-])(?:{'|'.join(sorted(word_set('products'), key=len, reverse=True))})(?![\w@]|[.\-/]\w|\()"
)
_PROGRAMS: Final = word_set("products")
_NOBODY: Final = word_set("nobody") | word_set("no_names") | word_set("titles")
_TITLE: Final = re.compile(r"[\"“„]([A-Z][^\"“”„\n]{1,58}[^\"“”„\n.,!?;: ])[,.]?[\"”“]")
_ADDRESSED: Final = re.compile(
    rf"(?<![\w'’-])(?i:{'|'.join(word_set('greetings'))}),?[ ]([A-Z][a-zà-ÿ]{{2,15}})(?=[,!.?\n]|$)", re.MULTILINE
)
_WORK_WORD: Final = word_set("works")
_SMALL: Final = frozenset("a an and as at but by for from in into is it of on or the to with &".split())  # noqa: SIM905


def is_nobody(name: str) -> bool:
    """Whether an author's name names nobody: empty, 'user', 'me'."""
    return not name.strip() or name.casefold() in _NOBODY


def people(text: str, known: Collection[str]) -> Iterator[Found]:
    """Names of people who are known, and their given names alone."""
    persons = [name for name in known if name.lower() not in _NOBODY and name not in _PROGRAMS]
    wanted = {part for name in persons for part in (name, name.split(" ")[0]) if len(part) > 2 and part[0].isupper()}
    if wanted:
        listed = "|".join(map(re.escape, sorted(wanted, key=len, reverse=True)))
        for match in re.finditer(rf"(?<![\w@./\-])(?:{listed})(?![\w@]|[./\-]\w)", text):
            yield found("person", text, match.span(), match.group(), "somebody whose words are stored")


def addressed(text: str) -> Iterator[Found]:
    """A given name behind a greeting and before a mark: 'Hey Mel!', 'Danke, Anna.'"""
    for match in _ADDRESSED.finditer(text):
        if match[1].lower() not in _NOBODY and match[1] not in _PROGRAMS:
            yield found("person", text, match.span(1), match[1], "greeted by name")


def products(text: str) -> Iterator[Found]:
    """Programs and services whose names mean nothing else."""
    for match in _PRODUCT.finditer(text):
        yield found("product", text, match.span(), match.group(), "a known program")


def works(text: str) -> Iterator[Found]:
    """Titles in quotes beside a word such as 'book' or 'by'."""
    for match in _TITLE.finditer(text):
        if _is_title(match[1]) and _beside_a_work_word(text, match):
            yield found("work", text, match.span(1), match[1], "a title in quotes")


def _is_title(words: str) -> bool:
    """Written as one: capitals but for small words."""
    return all(word[0].isupper() or word in _SMALL or not word[0].isalpha() for word in words.split())


def _beside_a_work_word(text: str, match: re.Match[str]) -> bool:
    before = re.findall(r"\w+", text[max(0, match.start() - 40) : match.start()].lower())[-3:]
    after = re.findall(r"\w+", text[match.end() : match.end() + 20].lower())[:1]
    return bool(_WORK_WORD & {*before, *after})
