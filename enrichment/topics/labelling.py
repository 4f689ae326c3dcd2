"""What a topic is called: the words and phrases that set its texts apart from those of the other topics.

c-TF-IDF (Grootendorst 2022): how many of a topic's texts hold a term, against how many of a topic's texts do so on
average. Phrases that are a noun with what belongs to it come first, where the language has a pipeline that can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from enrichment.topics.terms import Counts, Seen, Term

LABEL_TERMS: Final = 3
KEPT_TERMS: Final = 12
_CANDIDATES: Final = 40
# Held by fewer of its texts a term says little of a topic; and not more often than elsewhere, nothing.
_LEAST_SHARE: Final = 0.05
_LEAST_TEXTS: Final = 2
_LEAST_LIFT: Final = 1.5
_PHRASE: Final = 1.4
LABEL_CHARS: Final = 60


@dataclass(frozen=True, slots=True)
class Told:
    """A term as it is written, and how much it says."""

    words: str
    score: float


# Whether the words are a noun, or a noun with what belongs to it, in their sentence; None where nobody can tell.
IsNoun = Callable[[Seen], bool | None]


def telling_terms(topics: Sequence[Counts], is_noun: IsNoun) -> list[list[Told]]:
    """The most telling terms of each topic, the best first, at most KEPT_TERMS, none part of another."""
    usual = _usual(topics)
    return [_chosen(counts, usual, is_noun) for counts in topics]


def label_of(terms: Sequence[Told]) -> str:
    """A name made of the first terms: 'Raised beds, tomatoes, compost'."""
    chosen: list[str] = []
    for one in terms[:LABEL_TERMS]:
        if not chosen or len(", ".join([*chosen, one.words])) <= LABEL_CHARS:
            chosen.append(one.words)
    label = ", ".join(chosen)
    return label[:1].upper() + label[1:]


def still_fits(label: str, terms: Sequence[Told]) -> bool:
    """Whether an earlier label is made of terms that still tell: then it stays, for people know it."""
    words = {one.words.casefold() for one in terms}
    parts = [part.strip().casefold() for part in label.split(",")]
    return bool(label) and sum(part in words for part in parts) * 2 >= len(parts)


def _usual(topics: Sequence[Counts]) -> dict[Term, float]:
    """The mean share of a topic's texts that hold each term."""
    total: dict[Term, float] = {}
    for counts in topics:
        for term, number in counts.holding.items():
            if number >= _LEAST_TEXTS:
                total[term] = total.get(term, 0.0) + counts.share(term)
    return {term: share / len(topics) for term, share in total.items()}


def _chosen(counts: Counts, usual: dict[Term, float], is_noun: IsNoun) -> list[Told]:
    scores = {term: _score(counts, term, usual) for term in counts.holding}
    best = sorted((term for term in scores if scores[term] > 0), key=lambda term: (-scores[term], term))
    nouns = [term for term in best[:_CANDIDATES] if is_noun(counts.seen_in[term]) is not False]
    chosen: list[Term] = []
    for term in _whole_first(nouns or best[:_CANDIDATES], counts):
        if not any(set(term) & set(other) for other in chosen):
            chosen.append(term)
    return [Told(_written(counts, term), round(scores[term], 4)) for term in chosen[:KEPT_TERMS]]


def _score(counts: Counts, term: Term, usual: dict[Term, float]) -> float:
    share, mean = counts.share(term), usual.get(term, 1.0)
    if counts.holding[term] < _LEAST_TEXTS or share < _LEAST_SHARE or share < _LEAST_LIFT * min(mean, 0.5):
        return 0.0
    return share * math.log(1 + 1 / mean) * (_PHRASE if len(term) > 1 else 1.0)


def _whole_first(terms: Sequence[Term], counts: Counts) -> list[Term]:
    """The same order, but a word behind the phrase of which it is mostly a part."""
    found: list[Term] = []
    for term in terms:
        longer = [
            other for other in terms if set(term) < set(other) and counts.holding[other] * 2 >= counts.holding[term]
        ]
        found += [max(longer, key=lambda other: counts.holding[other])] if longer else []
        found.append(term)
    return list(dict.fromkeys(found))


def _written(counts: Counts, term: Term) -> str:
    """As it is written most; in small letters unless its writing says that it is a name."""
    words, _ = min(counts.written[term].items(), key=lambda item: (-item[1], item[0]))
    small = sum(number for written, number in counts.written[term].items() if written == written.casefold())
    return words.casefold() if small and words[1:] == words[1:].casefold() else words
