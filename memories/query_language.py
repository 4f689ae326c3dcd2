"""The language of the search box: `tag:work before:2025-03 "exact phrase" -word` as text and filter, and back.

It knows no database: names of tags, people, personas and conversations stay names here (`memories.asking` finds them).
What is no filter stays in the text as it was written, so that an address, a time or a line of code is searched for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import regex

from memories.models import Kind, MemoryRole, State
from memories.query_dates import period_of

KEYS: Final = ("tag", "kind", "from", "by", "role", "persona", "in", "before", "after", "on", "is", "state", "has")
ALIASES: Final = {
    "tags": "tag",
    "label": "tag",
    "type": "kind",
    "source": "from",
    "author": "by",
    "conversation": "in",
    "chat": "in",
    "since": "after",
}
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "kind": tuple(Kind.values),
    "role": tuple(filter(None, MemoryRole.values)),
    "state": tuple(State.values),
    "is": ("pinned", *State.values),
    "has": ("secret", "suspicious"),
}
DATES: Final = ("before", "after", "on")
_NEVER_NEGATED = (*DATES, "state")
_QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02"), '"')
_TO_ESCAPE, _ESCAPED = regex.compile('[\\\\"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02]'), r"\\\g<0>"
_TOKEN = regex.compile(r'(?:"[^"]*"|\S)++')
_ITEM = r'(?:"(?:[^"\\]|\\.)*+(?:"|$)|[^\s",:][^\s",]*)'
_OPERATOR = regex.compile(rf"(-?)([^\W\d_]{{2,20}}):(?!//)({_ITEM}(?:,{_ITEM})*),?(?=\s|$)", regex.DOTALL)
_VALUE = regex.compile(_ITEM, regex.DOTALL)
_PLAIN_VALUE = regex.compile(r'[^\s",:][^\s",]*')
_TYPED = regex.compile(
    rf'(?:^|(?<=\s))(-?)([^\W\d_]{{2,20}}):((?:{_ITEM},)*)((?:"(?:[^"\\]|\\.)*+|[^\s",]*))$', regex.DOTALL
)
_WORD = regex.compile(r"(?:^|(?<=\s))(-?)(\S*)$")
_REST = regex.compile(r'[^\s,"]*"?')


@dataclass(frozen=True, slots=True)
class Operator:
    """One filter as it stands in the text [start:end]: a key of KEYS, its alternatives, and whether it excludes."""

    key: str
    values: tuple[str, ...]
    negated: bool = False
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        """As one writes it."""
        return f"{'-' if self.negated else ''}{self.key}:{','.join(map(quoted, self.values))}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the text [start:end], in words for whoever wrote it.

    `replacement` is what was probably meant. A mere `hint` does not stand in the way: the text was taken as words.
    """

    message: str
    start: int = field(compare=False)
    end: int = field(compare=False)
    replacement: str = ""
    hint: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """The parts of a filter, with names where a MemoryFilter has ids. `people`, `sources` and so on as written."""

    tags_all: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    kinds_none: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    roles_none: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    sources_none: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    people_none: tuple[str, ...] = ()
    personas: tuple[str, ...] = ()
    personas_none: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()
    conversations_none: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    has_none: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    pinned: bool | None = None


_PARTS = {
    "kind": "kinds",
    "role": "roles",
    "from": "sources",
    "by": "people",
    "persona": "personas",
    "in": "conversations",
    "state": "states",
    "has": "has",
}


@dataclass(frozen=True, slots=True)
class ParsedSearch:
    """What the box says: the words to search for, the filters as written and as `parts`, and what is wrong."""

    text: str
    operators: tuple[Operator, ...] = ()
    parts: Named = Named()
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stand in the way."""
        return tuple(problem for problem in self.problems if not problem.hint)


def parse(text: str, at: datetime) -> ParsedSearch:
    """Take the box's text apart. `at` is the moment of asking, in the asker's zone. Never raises.

    Values of one operator, and of several with the same key, are alternatives, but several `tag:` must all be there.
    """
    operators, problems, pieces = _split(text)
    words = " ".join(pieces) if operators else text
    parts = _Parts(at)
    for operator in operators:
        parts.add(operator)
    found = parts.finished(operators)
    return ParsedSearch(words, tuple(operators), found, (*problems, *parts.problems))


@dataclass(frozen=True, slots=True)
class Typed:
    """What is being typed: a value's `prefix` behind `key`, or a word's where `key` is empty. It takes [start:end]."""

    key: str
    prefix: str
    negated: bool
    start: int
    end: int


def typed_at(text: str, cursor: int) -> Typed:
    """What the caret stands in; the filter's other alternatives are left alone."""
    scanned = text.translate(_QUOTES)
    end = cursor + len(_REST.match(scanned, cursor).group())  # type: ignore[union-attr]
    match = _TYPED.search(scanned, 0, cursor)
    if match and (key := _key(match.group(2))):
        return Typed(key, _bare(match.group(4)), bool(match.group(1)), match.start(4), end)
    word = _WORD.search(scanned, 0, cursor)
    assert word is not None  # noqa: S101 - it matches nothing, too
    return Typed("", word.group(2), bool(word.group(1)), word.start(1), end)


def to_text(parsed: ParsedSearch) -> str:
    """The text that parses to the same: filters first, in their order, then the words."""
    return " ".join(filter(None, [*(operator.text for operator in parsed.operators), parsed.text]))


def without(parsed: ParsedSearch, operator: Operator) -> str:
    """The text with this filter taken away."""
    rest = tuple(other for other in parsed.operators if other is not operator)
    return to_text(replace(parsed, operators=rest))


def quoted(value: str) -> str:
    """A value as it may stand behind a key: in quotes where it needs them."""
    if _PLAIN_VALUE.fullmatch(value) and value.translate(_QUOTES) == value and not value.startswith("//"):
        return value
    return f'"{_TO_ESCAPE.sub(_ESCAPED, value)}"'


def nearest(word: str, known: Sequence[str]) -> str:
    """The known word that this one is most likely a misspelling of, or an empty string."""
    allowed = 0 if len(word) < 2 else 1 if len(word) < 6 else 2
    ranked = sorted((edits(word.casefold(), other.casefold()), len(other), other) for other in known)
    return ranked[0][2] if ranked and ranked[0][0] <= allowed else ""


def edits(one: str, two: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment)."""
    if abs(len(one) - len(two)) > 3 or len(one) > 100:
        return max(len(one), len(two))
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _split(text: str) -> tuple[list[Operator], list[Problem], list[str]]:
    """The filters, what is wrong with what looks like one, and the pieces that are words."""
    operators: list[Operator] = []
    problems: list[Problem] = []
    pieces: list[str] = []
    scanned, place = text.translate(_QUOTES), 0
    while token := _TOKEN.search(scanned, place):
        place = token.end()
        match = _OPERATOR.match(scanned, token.start())
        key = _key(match.group(2)) if match else ""
        if match and key:
            place = match.end()
            spans = (value.span() for value in _VALUE.finditer(scanned, match.start(3), match.end(3)))
            values = tuple(filter(None, (_bare(text[start:end]) for start, end in spans)))
            if values:
                operators.append(Operator(key, values, bool(match.group(1)), match.start(), match.end()))
                continue
        elif match and (problem := _unknown(match)):
            problems.append(problem)
        pieces.append(text[token.start() : place])
    return operators, problems, pieces


def _key(written: str) -> str:
    lower = written.casefold()
    return lower if lower in KEYS else ALIASES.get(lower, "")


def _bare(value: str) -> str:
    """A value without its quotes and the backslashes in them."""
    straight = value.translate(_QUOTES)
    if not straight.startswith('"'):
        return value
    closed = len(value) > 1 and straight.endswith('"')
    inner = value[1:-1] if closed else value[1:]
    return " ".join(regex.sub(r"\\(.)", r"\1", inner, flags=regex.DOTALL).split())


def _unknown(match: regex.Match[str]) -> Problem | None:
    """An unknown key is an error when it is a known one misspelt, and else a hint that it was taken as words."""
    written, value = match.group(2), match.group(3)
    lower = written.casefold()
    close = nearest(lower, (*KEYS, *ALIASES)) if len(lower) > 2 else ""
    as_words = f'To search for the words, put them in quotes: "{written}:{_bare(value)}".'
    if close:
        meant = f"{match.group(1)}{_key(close)}:{value}"
        message = f"{written}: is not a filter. Did you mean {meant}? {as_words}"
        return Problem(message, match.start(), match.end(), meant)
    if written.islower() and (value[0] == '"' or value[0].isalpha()):
        message = f"{written}: is not a filter, so it is searched for as words. Filters are {_listed(KEYS)}."
        return Problem(message, match.start(), match.end(), hint=True)
    return None


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(f"{key}:" for key in keys)


class _Parts:
    """Gathers the operators' parts of a filter, and what is wrong with them."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.problems: list[Problem] = []
        self._lists: dict[str, list[str]] = {}
        self._after: datetime | None = None
        self._before: datetime | None = None
        self._pinned: bool | None = None

    def add(self, operator: Operator) -> None:
        """One more operator."""
        if operator.negated and operator.key in _NEVER_NEGATED:
            self._refuse(operator, f"{operator.key}: cannot be turned round with a minus. {_INSTEAD[operator.key]}")
        elif operator.key in DATES:
            self._date(operator)
        elif operator.key == "tag":
            self._tags(operator)
        elif operator.key not in CHOICES or self._allowed(operator):
            if operator.key == "is":
                self._being(operator)
            else:
                chosen = [v.casefold() for v in operator.values] if operator.key in CHOICES else operator.values
                self._extend(_PARTS[operator.key] + ("_none" if operator.negated else ""), chosen)

    def finished(self, operators: Sequence[Operator]) -> Named:
        """All parts."""
        if self._after and self._before and self._after >= self._before:
            dates = [operator for operator in operators if operator.key in DATES]
            self._refuse(dates[-1], f"Nothing lies in this time: {' '.join(o.text for o in dates)}.")
        lists = {name: tuple(dict.fromkeys(values)) for name, values in self._lists.items()}
        return Named(**lists, after=self._after, before=self._before, pinned=self._pinned)

    def _extend(self, name: str, values: Sequence[str]) -> None:
        self._lists.setdefault(name, []).extend(values)

    def _tags(self, operator: Operator) -> None:
        names = [name.lstrip("#") for name in operator.values]
        if operator.negated:
            self._extend("tags_none", names)
        elif len(names) == 1:
            self._extend("tags_all", names)
        elif "tags_any" in self._lists:
            self._refuse(operator, "tag: takes alternatives once only; write the other tags one by one.")
        else:
            self._extend("tags_any", names)

    def _allowed(self, operator: Operator) -> bool:
        known = CHOICES[operator.key]
        unknown = [value for value in operator.values if value.casefold() not in known]
        if not unknown:
            return True
        close = nearest(unknown[0], known)
        guess = f" Did you mean {close}?" if close else ""
        fixed = replace(operator, values=tuple(close if v == unknown[0] else v for v in operator.values))
        message = f"{operator.key}: is one of {', '.join(known)}; you wrote {unknown[0]}.{guess}"
        self._refuse(operator, message, fixed.text if close else "")
        return False

    def _being(self, operator: Operator) -> None:
        states = [value.casefold() for value in operator.values if value.casefold() != "pinned"]
        if states and operator.negated:
            self._refuse(operator, "is: takes a minus for pinned only. Write state:active for what is neither.")
            return
        if states:
            self._extend("states", states)
        if len(states) < len(operator.values):
            self._pinned = not operator.negated

    def _date(self, operator: Operator) -> None:
        written = operator.values[0] if len(operator.values) == 1 else ",".join(operator.values)
        period = period_of(written, self.at)
        if period is None:
            message = f"{operator.key}: needs a date such as 2025-03 or 2025-03-14; you wrote {written}"
            self._refuse(operator, message)
            return
        if operator.key in ("after", "on"):
            self._after = max(filter(None, (self._after, period[0])))
        if operator.key in ("before", "on"):
            limit = period[1] if operator.key == "on" else period[0]
            self._before = min(filter(None, (self._before, limit)))

    def _refuse(self, operator: Operator, message: str, replacement: str = "") -> None:
        self.problems.append(Problem(message, operator.start, operator.end, replacement))


_INSTEAD = {
    "before": "Write after: for what came later.",
    "after": "Write before: for what came earlier.",
    "on": "Write before: and after: for the times around it.",
    "state": "Name the states that you want, such as state:active,archived.",
}
