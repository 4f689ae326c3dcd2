"""What a sentence states, in places of its text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# Who says it: 'I', 'me', 'we'.
SPEAKER: Final = "I"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words at [start:end), without an article; `head` is the place of the word that decides what is meant."""

    text: str
    start: int
    end: int
    head: int
    is_speaker: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """Subject, predicate and object of a sentence [start:end).

    `predicate` is in its normal form (`live in`). `modality` is empty for what is said to be so. `is_end`: it says that
    something is over. `valid_from` and `valid_to` are None where nothing is known of them; `time_rule` says why they
    are so. `rule` says how it was read, and `confidence` (0 to 1) how well such readings do.
    """

    subject: Phrase
    predicate: str
    object: Phrase
    start: int
    end: int
    rule: str
    confidence: float
    is_negated: bool = False
    is_end: bool = False
    modality: str = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    time_rule: str = ""
