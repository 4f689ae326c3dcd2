"""When what a clause states is true: from the dates of its sentence, read from the memory's own day, and its tense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from enrichment.relations._words import word_set

if TYPE_CHECKING:
    from spacy.tokens import Token

# Before and after these a stretch is open.
_FIRST_YEAR: Final = 2
_LAST_YEAR: Final = 9999
_SINCE: Final = word_set("time", "since")
_UNTIL: Final = word_set("time", "until")
_STATES: Final = word_set("verbs", "states")
SAID: Final = "when it was said"
DATED: Final = "a date in the sentence"
OVER: Final = "said to be over by then"
UNTIL: Final = "said to last until then"


@dataclass(frozen=True, slots=True)
class Day:
    """A date of the sentence at [start:end) of the text, and the stretch that it means."""

    start: int
    end: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class When:
    """From when to when, as far as it is known, and why. `is_future`: after it was written."""

    valid_from: datetime | None
    valid_to: datetime | None
    rule: str
    is_future: bool = False


def is_past(verb: Token) -> bool:
    """Simple past, also by an auxiliary: 'lived', 'was living', 'did not live'; not the perfect."""
    helpers = [child for child in verb.children if child.dep_ in ("aux", "auxpass")]
    if any(child.tag_ in ("VBZ", "VBP", "MD") for child in helpers):
        return False
    return verb.tag_ == "VBD" or any(child.tag_ == "VBD" for child in helpers)


def is_state(lemma: str) -> bool:
    """Whether it lasts, so that the past tense says that it is over."""
    return lemma in _STATES


def when(*, written_at: datetime, days: Sequence[Day], place: int, over: bool, before: str) -> When:
    """The valid time of a statement whose verb stands at `place` of the text.

    `days` are its sentence's dates and `before` the text in front of the one that counts; `over`: a state of the past.
    """
    day = _nearest(days, place)
    if day is None:
        return When(None, written_at, OVER) if over else When(written_at, None, SAID)
    if before in _UNTIL or day.starts_at.year < _FIRST_YEAR:
        return When(None, None if day.ends_at.year >= _LAST_YEAR else day.ends_at, UNTIL)
    if over and before not in _SINCE:
        return When(day.starts_at, min(day.ends_at, written_at) if day.starts_at < written_at else None, DATED)
    return When(day.starts_at, None, DATED, is_future=day.starts_at > written_at)


def word_before(text: str, days: Sequence[Day], place: int) -> str:
    """The preposition in front of the date that counts for a verb at `place`: 'since', 'until'."""
    day = _nearest(days, place)
    words = text[: day.start].split() if day else []
    return words[-1].casefold() if words else ""


def _nearest(days: Sequence[Day], place: int) -> Day | None:
    """The date behind the verb, else in front of it, that stands nearest."""
    return min(days, key=lambda day: (abs(day.start - place), day.start), default=None)
