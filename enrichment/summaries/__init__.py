"""What a text says in short: its own sentences, those that most others say too."""

from enrichment.summaries.candidates import WORDS_MIN, Said, first_sentences, sentences_of, word_count
from enrichment.summaries.choosing import chosen, how_many

__all__ = ["WORDS_MIN", "Said", "chosen", "first_sentences", "how_many", "sentences_of", "word_count"]
