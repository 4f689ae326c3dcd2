"""How alike two texts are: by their words, and only where they agree in numbers and in what they deny."""

from __future__ import annotations

from typing import Final

import regex

# Shorter texts ('Thanks, see you tomorrow!') agree by chance.
LEAST_WORDS: Final = 6
ALIKE_WORDS: Final = 0.8
# Other words for the same: their vectors decide, if most of the words are the same.
ALIKE_MEANING: Final = 0.95
SOME_WORDS: Final = 0.6
# Nearly word for word the same: what a machine may merge by itself, where its owner lets it.
SAME_WORDS: Final = 0.95
_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:[.,:'’][\p{L}\p{N}]+)*")
_DENIALS: Final = frozenset(("not", "no", "never", "none", "without", "nicht", "kein", "keine", "nie", "ohne"))


def words_of(text: str) -> frozenset[str]:
    """The different words of a text, in small letters."""
    return frozenset(_WORD.findall(text.casefold()))


def shared_words(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of all words of both that both have (Jaccard), 0 where they speak of other numbers, or deny."""
    if _deciding(one) != _deciding(other):
        return 0.0
    return len(one & other) / max(1, len(one | other))


def are_alike(words: float, meaning: float | None) -> bool:
    """Whether a person should look at the two."""
    return words >= ALIKE_WORDS or (words >= SOME_WORDS and meaning is not None and meaning >= ALIKE_MEANING)


def _deciding(words: frozenset[str]) -> frozenset[str]:
    """Words of which one alone makes it another statement: numbers, denials, 'don't'."""
    return frozenset(word for word in words if word[0].isdigit() or word in _DENIALS or word.endswith(("n't", "n’t")))
