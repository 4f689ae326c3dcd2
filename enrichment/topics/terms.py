"""The terms of texts: words and phrases without stop words, by their stems, with the form in which they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from enrichment.prose import sentences
from memories.lexicon import Lexeme, lexemes

Term = tuple[str, ...]

READ_CHARS: Final = 2_000
_PHRASE_WORDS: Final = 3
_WORD_MAX_CHARS: Final = 30
# What people say whatever they talk about.
_SAID: Final = (
    "bye bit care congrats congratulations danke glad goodbye hallo hello hey hi kind lot lots luck thank thanks "
    "thing things today tomorrow tschüss week welcome worries wow yeah yep yes yesterday"
)
_PLEASANTRIES: Final = frozenset(_SAID.split())


@dataclass(frozen=True, slots=True)
class Seen:
    """Words in a sentence, and the language of the text."""

    words: str
    sentence: str
    language: str


@dataclass(slots=True)
class Counts:
    """In how many of `texts` each term stands, how it is written, and a sentence with it."""

    texts: int = 0
    holding: Counter[Term] = field(default_factory=Counter)
    written: dict[Term, Counter[str]] = field(default_factory=dict)
    seen_in: dict[Term, Seen] = field(default_factory=dict)

    def share(self, term: Term) -> float:
        """Of the texts, how many hold the term."""
        return self.holding[term] / max(1, self.texts)


def count_text(counts: Counts, text: str, language: str, without: frozenset[str]) -> None:
    """Add one text; code blocks, numbers and the words of `without` (small letters) are no terms."""
    found: dict[Term, Seen] = {}
    for _, sentence in sentences(text[:READ_CHARS]):
        for term, words in _terms(sentence, language, without):
            found.setdefault(term, Seen(words, sentence, language))
    counts.texts += 1
    for term, seen in found.items():
        counts.holding[term] += 1
        counts.written.setdefault(term, Counter())[seen.words] += 1
        counts.seen_in.setdefault(term, seen)


def _terms(sentence: str, language: str, without: frozenset[str]) -> Iterator[tuple[Term, str]]:
    """Each word and each run of up to three that follow one another with a blank between."""
    run: list[Lexeme] = []
    for lexeme in _words(sentence, language, without):
        if run and sentence[run[-1].end : lexeme.start] not in (" ", "-"):
            run = []
        run = [*run[1 - _PHRASE_WORDS :], lexeme] if run else [lexeme]
        for length in range(1, len(run) + 1):
            part = run[-length:]
            yield tuple(one.term for one in part), sentence[part[0].start : lexeme.end]


def _words(sentence: str, language: str, without: frozenset[str]) -> Iterator[Lexeme]:
    """The first lexeme at each place: an identifier's parts stand behind it, and are none of their own."""
    end = 0
    for lexeme in lexemes(sentence, language):
        word = sentence[lexeme.start : lexeme.end]
        if lexeme.start >= end and _is_word(word) and word.casefold() not in _PLEASANTRIES | without:
            yield lexeme
            end = lexeme.end


def _is_word(word: str) -> bool:
    letters = sum(character.isalpha() for character in word)
    return letters >= 2 and letters >= len(word) - 2 and len(word) <= _WORD_MAX_CHARS
