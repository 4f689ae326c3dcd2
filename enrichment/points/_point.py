"""What a point is, and the text in which it is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

# Who has to do it, where no name says so.
SPEAKER: Final = "speaker"
LISTENER: Final = "listener"
TOGETHER: Final = "together"


class Kind(StrEnum):
    """What a sentence says."""

    ACTION = "action"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date that the text names at [start:end), and the time that it covers in UTC."""

    start: int
    end: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """A text with the dates that it names, and when it was written.

    `is_chat_with_model`: whoever speaks asks a model, whose errands are no action items. `is_note`: somebody writes to
    themselves.
    """

    text: str
    at: datetime
    dates: Sequence[DateFound] = ()
    is_chat_with_model: bool = False
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """The sentence at [start:end) says it. `task` is what is to be done or was decided, without who and when.

    `who` is SPEAKER, LISTENER, TOGETHER or the name that stands at [who_start:who_end).
    """

    kind: Kind
    start: int
    end: int
    task: str
    who: str = SPEAKER
    who_start: int = 0
    who_end: int = 0
    due_on: date | None = None
    due_words: str = ""
    is_done: bool = False
