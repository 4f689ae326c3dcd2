"""All that a text states: subject, predicate and object of each clause of its sentences."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from enrichment.language import parsed, passages
from enrichment.prose import code_spans
from enrichment.relations import _predicates, _valid_time
from enrichment.relations._clauses import Clause, clauses
from enrichment.relations._objects import Part, parts_of
from enrichment.relations._phrases import has_unknown_owner, is_own, phrase_of
from enrichment.relations._statement import Phrase, Statement
from enrichment.relations._valid_time import Day, When

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

# The predicates' words are English.
LANGUAGE: Final = "en"
SENTENCE_CHARS: Final = 600
_LONG_TOKENS: Final = 30
_LEAST: Final = 0.5
_MARKUP: Final = re.compile(r"^\s*(?:#{1,6}\s|>|\||```|\[|\{)|[{}<>]|==|\\[a-z(]|https?://\S+$")
_ENGLISH: Final = frozenset("i my me we our the is am are to of and he she they with has have 's was it".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Named:
    """Something that the text names at [start:end), and its kind."""

    kind: str
    start: int
    end: int


def find_relations(
    text: str, *, written_at: datetime, named: Collection[Named] = (), days: Sequence[Day] = (), sure: bool = True
) -> list[Statement]:
    """What an English text states, in order. Questions, commands, code and quotations state nothing.

    `named` is what it names and `days` the dates in it, which decide when things are true; without one it is when it
    was written. `sure` says that it is English: else each sentence must have an English word. Raises PipelineMissing.
    """
    code = code_spans(text)
    found: list[Statement] = []
    for place, passage in passages(text):
        for doc in parsed([passage], LANGUAGE) or ():
            for sentence in doc.sents:
                span = (place + sentence.start_char, place + sentence.end_char)
                if _is_prose(sentence, span, code, doc) and (sure or _is_english(sentence)):
                    reader = _Reader(text, place, sentence, written_at, named, days)
                    found += reader.statements()
    return list({(one.subject, one.predicate, one.object, one.start): one for one in found}.values())


def named_in(result: Mapping[str, Any]) -> tuple[list[Named], list[Day]]:
    """What the step of entities found: what is named where, and the dates."""
    found = result.get("found", ())
    named = [Named(one["kind"], one["start"], one["end"]) for one in found]
    days = [
        Day(one["start"], one["end"], *(datetime.fromisoformat(one[side]) for side in ("starts_at", "ends_at")))
        for one in found
        if "starts_at" in one
    ]
    return named, days


def _is_prose(sentence: Span, span: tuple[int, int], code: Sequence[tuple[int, int]], doc: Doc) -> bool:
    words = sentence.text.strip()
    if not words or len(words) > SENTENCE_CHARS or words.rstrip("\"'”’)*_ \U0001f300-\U0001faff").endswith("?"):
        return False
    line = doc.text[doc.text.rfind("\n", 0, sentence.start_char) + 1 : sentence.end_char]
    if _MARKUP.search(words) or line.lstrip().startswith((">", "#", "|")):
        return False
    return not any(start < span[1] and span[0] < end for start, end in code)


def _is_english(sentence: Span) -> bool:
    return any(token.lower_ in _ENGLISH for token in sentence)


class _Reader:
    """One sentence, with what is named in it."""

    def __init__(
        self,
        text: str,
        place: int,
        sentence: Span,
        written_at: datetime,
        named: Collection[Named],
        days: Sequence[Day],
    ) -> None:
        self._text, self._place, self._sentence, self._written_at = text, place, sentence, written_at
        self._start, self._end = place + sentence.start_char, place + sentence.end_char
        self._named = [one for one in named if self._start <= one.start < self._end]
        self._days = [day for day in days if self._start <= day.start < self._end]

    def statements(self) -> Iterator[Statement]:
        """All of them that are likely enough."""
        for clause in clauses(self._sentence):
            for one in self._of_clause(clause):
                if one.confidence >= _LEAST and self._says_something(one):
                    yield one

    def _says_something(self, one: Statement) -> bool:
        """Of somebody or something that is known here, and not of itself: 'art brings joy' is a saying, no fact."""
        if one.subject.text.casefold() == one.object.text.casefold() or has_unknown_owner(one.subject):
            return False
        return any(part.is_speaker or is_own(part.text) or self._kind(part) for part in (one.subject, one.object))

    def _of_clause(self, clause: Clause) -> Iterator[Statement]:
        when = self._when(clause)
        for part in parts_of(clause, place=self._place):
            if self._is_time(part.object):
                continue
            for subject in self._subjects(clause, part):
                yield self._told(self._statement(subject, part, clause, when))

    def _subjects(self, clause: Clause, part: Part) -> Iterator[Phrase]:
        if part.subject is not None:
            yield part.subject
            return
        for token in clause.subjects:
            if (phrase := phrase_of(token, place=self._place)) and not self._is_time(phrase):
                yield phrase

    def _statement(self, subject: Phrase, part: Part, clause: Clause, when: When) -> Statement:
        return Statement(
            subject=subject,
            predicate=_predicates.normal_predicate(part.predicate),
            object=part.object,
            start=self._start,
            end=self._start + len(self._sentence.text.rstrip()),
            rule=part.rule,
            confidence=self._confidence(subject, part),
            is_negated=clause.is_negated or part.is_negated,
            is_end=clause.is_end,
            modality=clause.modality or ("planned" if when.is_future else ""),
            valid_from=when.valid_from,
            valid_to=when.valid_to,
            time_rule=when.rule,
        )

    def _told(self, one: Statement) -> Statement:
        """The same as it is kept: said from the other side, or as the end of something."""
        if predicate := _predicates.turned(one.predicate):
            return replace(one, subject=one.object, predicate=predicate, object=one.subject, rule=f"{one.rule}, turned")
        if predicate := _predicates.ended(one.predicate, self._kind(one.object)):
            ending = {"is_negated": True, "is_end": True, "valid_from": one.valid_from or self._written_at}
            return replace(one, predicate=predicate, rule=f"{one.rule}, the end of it", **ending)  # type: ignore[arg-type]
        return one

    def _when(self, clause: Clause) -> When:
        verb = self._place + clause.verb.idx
        before = _valid_time.word_before(self._text, self._days, verb)
        return _valid_time.when(
            written_at=self._written_at, days=self._days, place=verb, over=clause.over, before=before
        )

    def _confidence(self, subject: Phrase, part: Part) -> float:
        value = part.confidence
        if not subject.is_speaker and not self._kind(subject):
            value -= 0.15
        if len(self._sentence) > _LONG_TOKENS:
            value -= 0.1
        return round(value, 2)

    def _kind(self, phrase: Phrase) -> str:
        return next((one.kind for one in self._named if one.start <= phrase.head < one.end), "")

    def _is_time(self, phrase: Phrase) -> bool:
        return self._kind(phrase) in ("date", "time")
