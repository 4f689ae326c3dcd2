"""Sentiment: how each memory sounds, by sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from enrichment.protocol import Cost, Outcome, Step, StepInput
from enrichment.sentiment import LANGUAGES, sentiment_of

NAME: Final = "sentiment"
# A book's sentences need not all be kept: those that lean most are what people look for.
_KEPT: Final = 5


class SentimentStep(Step):
    """The result has tone, score, the three counts, and `strongest`: start, end, score and words of what leans most."""

    name = NAME
    label = "Sentiment"
    version = 1
    cost = Cost.CHEAP
    languages = LANGUAGES

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """Each memory by itself: a lexicon gains nothing from batches."""
        return [Outcome(_found(one.text)) for one in batch]


def _found(text: str) -> dict[str, Any]:
    sentiment = sentiment_of(text)
    if sentiment is None:
        return {}
    strongest = sorted(sentiment.leaning, key=lambda one: -abs(one.score))[:_KEPT]
    return {
        "tone": str(sentiment.tone),
        "score": sentiment.score,
        "positive_count": sentiment.positive_count,
        "negative_count": sentiment.negative_count,
        "neutral_count": sentiment.neutral_count,
        "strongest": [
            {"start": one.start, "end": one.end, "score": one.score, "words": text[one.start : one.end]}
            for one in strongest
        ],
    }


STEP = SentimentStep()
