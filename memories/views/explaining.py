"""Why a memory ranked where it did, in words for people: one sentence, and bars by signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from memories.retrieval import Explanation, Signal

BAR: Final = 160
_STRONG = 0.15  # of the strongest signal: what is weaker is left to the bars
_NAMED_MAX = 3

# (label of its bar, how 'This memory …' goes on when the signal speaks for it)
SIGNAL_WORDS: Final = {
    "meaning": ("Meaning", "is close in meaning"),
    "words": ("Words", "has your words in it"),
    "author": ("Who said it", "was said by you or by whom you named"),
    "late_interaction": ("Word by word", "matches your question word by word"),
    "before_meaning": ("Meaning of what came before", "follows something close in meaning"),
    "after_meaning": ("Meaning of what came after", "leads to something close in meaning"),
    "before_words": ("Words of what came before", "follows something with your words"),
    "after_words": ("Words of what came after", "leads to something with your words"),
    "session": ("Words around it", "stands where your words are used"),
    "question": ("A question itself", "asks about it"),
    "when_where": ("Time or place", "names a time or place, as you asked for one"),
    "who_count": ("Person or number", "names a person or a number, as you asked for one"),
    "date": ("Date", "comes from the time that you asked about"),
    "names": ("Names", "has the names in your question"),
    "recency": ("Recent", "is recent"),
    "pinned": ("Pinned", "is pinned"),
    "importance": ("Importance", "is marked as important"),
    "feedback": ("Your feedback", "was useful to you before"),
    "expansion": ("Learnt words", "has words that mean the same to you"),
}
_AGAINST = {
    "question": "only asks about it",
    "feedback": "was not useful to you before",
    "importance": "is marked as less important",
}
_ARMS = {"vector": "by meaning", "lexical": "by words", "author": "by who said it", "time": "by its time"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One signal: its label, how far its bar reaches (of BAR), its share of the score, and its exact numbers."""

    label: str
    width: int
    share: str
    exact: str
    against: bool


@dataclass(frozen=True, slots=True)
class Why:
    """A hit's explanation as the page shows it."""

    sentence: str
    bars: list[Bar]
    places: str
    learnt: list[str]


def why(explanation: Explanation) -> Why:
    """The explanation in words."""
    signals = [signal for signal in explanation.signals if signal.contribution]
    return Why(
        sentence=_sentence(signals),
        bars=_bars(signals),
        places=_places(explanation),
        learnt=list(explanation.learnt),
    )


def _sentence(signals: list[Signal]) -> str:
    """'This memory is close in meaning and has your words in it.'"""
    best = max((signal.contribution for signal in signals), default=0.0)
    if best <= 0:
        return "Nothing speaks strongly for this memory; it is only nearer than the others."
    strong = [signal for signal in signals if signal.contribution >= _STRONG * best]
    clauses = [_clause(signal) for signal in sorted(strong, key=lambda s: -s.contribution)[:_NAMED_MAX]]
    against = [_AGAINST[s.name] for s in signals if s.contribution < 0 and s.name in _AGAINST]
    but = f", but {' and '.join(against)}" if against else ""
    return f"This memory {_joined(clauses)}{but}."


def _clause(signal: Signal) -> str:
    known = SIGNAL_WORDS.get(signal.name)
    return known[1] if known else f"fits by {_spoken(signal.name)}"


def _joined(clauses: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(clauses[:-1]), clauses[-1]]))


def _bars(signals: list[Signal]) -> list[Bar]:
    longest = max((abs(signal.contribution) for signal in signals), default=0.0)
    total = sum(signal.contribution for signal in signals if signal.contribution > 0)
    ordered = sorted(signals, key=lambda signal: -abs(signal.contribution))
    return [_bar(signal, longest, total) for signal in ordered]


def _bar(signal: Signal, longest: float, total: float) -> Bar:
    label = SIGNAL_WORDS[signal.name][0] if signal.name in SIGNAL_WORDS else _spoken(signal.name).capitalize()
    share = signal.contribution / total if total else 0.0
    return Bar(
        label=label,
        width=max(2, round(BAR * abs(signal.contribution) / longest)),
        share=f"{share:.0%}" if abs(share) >= 0.01 else "< 1%",
        exact=f"{signal.value:.2f} × {signal.weight:g} = {signal.contribution:+.3f}",
        against=signal.contribution < 0,
    )


def _places(explanation: Explanation) -> str:
    """'1st by meaning, 3rd by words; 2 of its parts match.'"""
    ranks = sorted(explanation.ranks.items(), key=lambda item: item[1])
    found = ", ".join(f"{_ordinal(rank)} {_ARMS.get(arm, f'by {_spoken(arm)}')}" for arm, rank in ranks)
    parts = f"{explanation.chunks_matched} of its parts match" if explanation.chunks_matched > 1 else ""
    return "; ".join(filter(None, [found, parts]))


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _spoken(name: str) -> str:
    return name.replace("_", " ")
