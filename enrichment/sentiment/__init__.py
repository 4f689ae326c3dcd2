"""How a text sounds: positive, negative or neither, sentence by sentence."""

from enrichment.sentiment.reading import LANGUAGES, Sentiment, Tone, sentiment_of

__all__ = ["LANGUAGES", "Sentiment", "Tone", "sentiment_of"]
