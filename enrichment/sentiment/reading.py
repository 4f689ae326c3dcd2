"""VADER, sentence by sentence: a lexicon of 7,500 English words with rules for negation, emphasis and contrast.

C. J. Hutto and E. Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text, 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from enrichment.prose import sentences

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

LANGUAGES: Final = frozenset({"en"})
# The authors' own threshold of the compound score.
_NEITHER: Final = 0.05


class Tone(StrEnum):
    """Which way a sentence or a text leans."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class SentenceTone:
    """A sentence that leans one way: its place in the text and its score from -1 to 1."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Sentiment:
    """The mean of all sentences' scores (-1 to 1), how many lean which way, and those that do."""

    score: float
    positive_count: int
    negative_count: int
    neutral_count: int
    leaning: tuple[SentenceTone, ...]

    @property
    def tone(self) -> Tone:
        """Which way the whole leans."""
        return tone_of(self.score)


def sentiment_of(text: str) -> Sentiment | None:
    """How an English text sounds, all of it; None when it has no sentence outside its code."""
    found = [SentenceTone(place, place + len(words), _score(words)) for place, words in sentences(text)]
    if not found:
        return None
    tones = [tone_of(one.score) for one in found]
    return Sentiment(
        score=round(sum(one.score for one in found) / len(found), 4),
        positive_count=tones.count(Tone.POSITIVE),
        negative_count=tones.count(Tone.NEGATIVE),
        neutral_count=tones.count(Tone.NEUTRAL),
        leaning=tuple(one for one in found if tone_of(one.score) is not Tone.NEUTRAL),
    )


def tone_of(score: float) -> Tone:
    """Positive from 0.05, negative from -0.05, else neutral."""
    if abs(score) < _NEITHER:
        return Tone.NEUTRAL
    return Tone.POSITIVE if score > 0 else Tone.NEGATIVE


def _score(sentence: str) -> float:
    return float(_lexicon().polarity_scores(sentence)["compound"])


@lru_cache(maxsize=1)
def _lexicon() -> SentimentIntensityAnalyzer:
    # Only when a text is read: the lexicon takes memory that web processes must not spend.
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
