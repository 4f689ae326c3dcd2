"""What every reranker offers, whatever model or machine is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Passage:
    """The part of a memory that is to be judged, who said it (may be empty), and when."""

    text: str
    author: str
    occurred_on: date


class Reranker(Protocol):
    """A model that judges how well passages answer a question. Threads and forks may share it."""

    @property
    def name(self) -> str:
        """The model, and where it runs when that is elsewhere."""
        ...

    def scores(self, question: str, passages: Sequence[Passage]) -> Scores:
        """(n,) finite numbers, higher for better answers; their scale is the model's own.

        Raises Unavailable when the model is missing or down, ValidationFailed when it refuses a text.
        """
        ...
