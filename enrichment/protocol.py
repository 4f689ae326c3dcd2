"""What a step of enrichment is, what it is given and what it gives back. Third-party steps import this and no more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

if TYPE_CHECKING:
    from django.db.models import QuerySet

Result = Mapping[str, Any]


class Cost(StrEnum):
    """What a step takes a memory, on one core: it decides how many memories a batch has."""

    CHEAP = "cheap"  # under a millisecond: patterns, lexicons
    LIGHT = "light"  # some milliseconds: a spaCy pipeline, the small embedding model
    HEAVY = "heavy"  # a tenth of a second and more: a transformers model
    REMOTE = "remote"  # a server is asked: seconds, and perhaps money


@dataclass(frozen=True, slots=True)
class StepInput:
    """One memory as a step sees it.

    `author` and `role` say who spoke. `language` is an ISO 639-1 code, 'und' where the text is too short to tell.
    `occurred_at` is the memory's own time, against which 'last Friday' is read. `results` holds those of the step's
    inputs by name; one that failed, or does not read this language, is not among them.
    """

    memory_id: UUID
    owner_id: UUID
    text: str
    kind: str
    author: str
    role: str
    language: str
    occurred_at: datetime
    conversation_id: UUID | None = None
    results: Mapping[str, Result] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one memory: a JSON-able result (empty: there was nothing to find), or why it failed.

    An error must not quote the memory: it is stored in the open and shown. `is_final`: trying again would not help.
    `wait_s`: not now; it is tried again after so many seconds, and counts as no attempt.
    """

    result: Result = field(default_factory=dict)
    error: str = ""
    is_final: bool = False
    wait_s: float = 0.0


class Step(ABC):
    """One thing that is found out about each memory. A file in `enrichment/steps/` ends with `STEP = TheStep()`.

    Raise `version` when results would come out otherwise: memories are then read again by this step, and by those that
    name it among their `inputs`; nothing else is. A module that holds a step is imported by web processes too, so
    libraries that take memory are imported when `run` first needs them.
    """

    name: ClassVar[str]
    """Short and for ever: lower case, at most 40 characters."""
    label: ClassVar[str]
    """What people read: 'Entities'."""
    version: ClassVar[int] = 1
    inputs: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.LIGHT
    languages: ClassVar[frozenset[str] | None] = None
    """ISO 639-1 codes of the languages that it reads; None for every language."""

    def is_available(self) -> bool:
        """Whether it can work here and now; one that needs a model server says no while none is configured."""
        return True

    def narrowed(self, memories: QuerySet[Any]) -> QuerySet[Any]:
        """Those of these memories that it may read at all, such as those of people who switched it on."""
        return memories

    @abstractmethod
    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """An outcome for each memory, in order. Changes nothing: it may be called twice for one memory, or be killed.

        The memories may be of several owners. What is raised fails the batch, whose memories are then tried one by one.
        """

    def record(self, done: Sequence[tuple[StepInput, Result]]) -> None:
        """Write rows of one's own tables, in the transaction that stores the results; replace what was there before.

        Called with what succeeded, of one owner at a time. What is raised fails these memories like an error in `run`.
        """
        return None


def reads(step: Step, language: str) -> bool:
    """Whether a step reads texts in that language."""
    return step.languages is None or language in step.languages
