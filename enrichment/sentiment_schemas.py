"""What goes out of the JSON API about sentiment."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from enrichment.protocol import reads
from enrichment.sentiment import Tone
from enrichment.steps.sentiment import STEP
from memories.models import Memory


class SentenceToneOut(BaseModel):
    """A sentence that leans one way; `start` and `end` are its place in the text, in characters."""

    start: int
    end: int
    score: float
    words: str


class SentimentOut(BaseModel):
    """How a memory sounds. Without a result, `state` says why."""

    state: Literal["done", "waiting", "not_supported", "nothing_to_read"]
    language: str
    tone: Tone | None = None
    score: float | None = Field(default=None, description="The mean of all sentences, from -1 to 1.")
    positive_count: int = 0
    negative_count: int = 0
    neutral_count: int = 0
    strongest: list[SentenceToneOut] = []

    @classmethod
    def of(cls, memory: Memory, result: dict[str, Any] | None) -> Self:
        """The result, None while there is none; an empty one is that of a text without sentences."""
        if result:
            return cls(state="done", language=memory.language, **result)
        if not reads(STEP, memory.language):
            return cls(state="not_supported", language=memory.language)
        return cls(state="waiting" if result is None else "nothing_to_read", language=memory.language)
