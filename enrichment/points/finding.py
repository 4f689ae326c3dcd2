"""All points of a text: rules over the parse of each sentence, and lines that are marked as such."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from enrichment.language import parsed, passages
from enrichment.points import _actions, _decisions
from enrichment.points._due import due_in
from enrichment.points._point import Kind, Point, Written
from enrichment.prose import sentences

if TYPE_CHECKING:
    from spacy.tokens import Doc

LANGUAGES: Final = frozenset({"en"})
_TASK_CHARS: Final = 300
_AND: Final = re.compile(r"\s*(?:[,;]\s*(?:and|but|so)?|\b(?:and|but|so)\b)\s*$", re.IGNORECASE)
# What begins anew within a sentence.
_REST: Final = re.compile(r",\s+(?:but|so|because|though|since|and (?:I|we|you|he|she|they)\b)|\s[-–—]\s|;\s")
Sentence = tuple[int, str]


def find_points(written: Written, language: str) -> list[Point]:
    """The points of a text, in its order, each sentence once for a kind. Raises PipelineMissing."""
    found = list(chain(_actions.marked(written), _decisions.marked(written)))
    said = list(sentences(written.text))
    for place, passage in passages(written.text):
        for doc in parsed([passage], language) or ():
            found += _in_sentences(doc, place, said, written)
    return _once([_with_due(point, written) for point in found])


def _in_sentences(doc: Doc, place: int, said: Sequence[Sentence], written: Written) -> Iterator[Point]:
    starts = [start for start, _ in said]
    for token in doc:
        if token.pos_ not in ("VERB", "AUX"):
            continue
        number = bisect_right(starts, place + token.idx) - 1
        if number < 0 or _is_question(said[number][1], place + token.idx - said[number][0]):
            continue
        start, words = said[number]
        has_due = due_in(written, start, start + len(words))[0] is not None
        for point in (_actions.said(token, written, has_due), _decisions.said(token)):
            if point is not None and " " in (placed := _placed(point, place, start, words)).task:
                yield placed


def _is_question(words: str, place: int) -> bool:
    """Asked, and no request."""
    asked = words.rstrip("\"'”’) ").endswith("?")
    return place >= len(words) or (asked and not re.match(r"(?:\w+[,!]? )?(?:can|could|would) you\b", words, re.I))


def _placed(point: Point, place: int, start: int, words: str) -> Point:
    """The point with its sentence's place, and the task from its verb to the end of the sentence."""
    task = _REST.split(words[place + point.start - start :], maxsplit=1)[0].rstrip(" .!?;")[:_TASK_CHARS]
    moved = replace(point, start=start, end=start + len(words), task=" ".join(task.split()))
    if not point.who_end:
        return moved
    return replace(moved, who_start=point.who_start + place, who_end=point.who_end + place)


def _with_due(point: Point, written: Written) -> Point:
    if point.kind is not Kind.ACTION:
        return point
    due_on, words = due_in(written, point.start, point.end)
    task = point.task
    if words and task.endswith(words):  # shown beside it
        task = re.sub(r"\s*\b(?:by|before|until|till|on|due|at)?\s*$", "", task[: -len(words)], flags=re.IGNORECASE)
    return replace(point, due_on=due_on, due_words=words, task=_AND.sub("", task) or point.task)


def _once(points: Sequence[Point]) -> list[Point]:
    """In order; of several in one sentence the first, which holds the rest of it."""
    first: dict[tuple[Kind, int], Point] = {}
    for point in points:
        known = first.get((point.kind, point.start))
        if known is None or len(point.task) > len(known.task):
            first[point.kind, point.start] = point
    marked = {point.start for point in first.values() if point.kind is Kind.DECISION}
    return sorted(
        (p for p in first.values() if p.kind is Kind.DECISION or p.start not in marked), key=lambda point: point.start
    )
