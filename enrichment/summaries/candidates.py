"""Which sentences of a text may stand for it: prose of some length, without marks of lists and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from enrichment.prose import sentences

# A text of fewer words is as short as its summary would be.
WORDS_MIN: Final = 50
# Of a book every so-manieth sentence is looked at, so that a text of any length takes bounded time and memory.
SENTENCES_MAX: Final = 400
_SENTENCE_WORDS_MIN: Final = 4
_SHOWN_CHARS: Final = 400
_WORD: Final = re.compile(r"\w+")
# Scripts without blanks: two characters count as a word.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_LINE_MARK: Final = re.compile(r"^(?:\s*(?:#{1,6}\s+|>\s?|[-*+]\s+(?:\[[ xX]\]\s+)?|\d{1,3}[.)]\s+))+")
_EMPHASIS: Final = re.compile(r"(\*{1,3}|_{2,3}|`)(?=\S)(.+?)(?<=\S)\1")
_TABLE_ROW: Final = re.compile(r"^\s*\|")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence at [start:end) of a text; `words` is what is shown, without marks of lists, headings and emphasis."""

    start: int
    end: int
    words: str


def word_count(text: str) -> int:
    """How many words a text has, about, in any script."""
    unspaced = len(_UNSPACED.findall(text))
    return len(_WORD.findall(_UNSPACED.sub(" ", text))) + unspaced // 2


def sentences_of(text: str) -> list[Said]:
    """The sentences that may stand for a text, in order; of a very long one evenly chosen ones."""
    found = list(_candidates(text))
    if len(found) <= SENTENCES_MAX:
        return found
    step = len(found) / SENTENCES_MAX
    return [found[int(number * step)] for number in range(SENTENCES_MAX)]


def first_sentences(text: str, number: int) -> list[Said]:
    """The first of them, without reading on."""
    return list(islice(_candidates(text), number))


def _candidates(text: str) -> Iterator[Said]:
    for place, sentence in sentences(text):
        words = _shown(sentence)
        if not _TABLE_ROW.match(sentence) and word_count(words) >= _SENTENCE_WORDS_MIN:
            yield Said(place, place + len(sentence), words)


def _shown(sentence: str) -> str:
    plain = _EMPHASIS.sub(r"\2", _LINE_MARK.sub("", sentence))
    words = " ".join(plain.split())
    return words if len(words) <= _SHOWN_CHARS else words[: _SHOWN_CHARS - 1].rstrip() + "…"
