"""Why a memory ranked where it did, in words for people: one sentence, and bars by signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from memories.retrieval import Explanation, Signal
from memories.signal_words import SIGNAL_WORDS, reasons_against, reasons_for, spoken

BAR: Final = 160
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
    reranked: str


def why(explanation: Explanation) -> Why:
    """The explanation in words."""
    signals = [signal for signal in explanation.signals if signal.contribution]
    return Why(
        sentence=_sentence(signals),
        bars=bars_of(signals),
        places=_places(explanation),
        learnt=list(explanation.learnt),
        reranked=_reranked(explanation),
    )


def _sentence(signals: list[Signal]) -> str:
    """'This memory is close in meaning and has your words in it.'"""
    clauses, against = reasons_for(signals), reasons_against(signals)
    if not clauses:
        return "Nothing speaks strongly for this memory; it is only nearer than the others."
    but = f", but {' and '.join(against)}" if against else ""
    return f"This memory {_joined(clauses)}{but}."


def _joined(clauses: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(clauses[:-1]), clauses[-1]]))


def bars_of(signals: list[Signal]) -> list[Bar]:
    """A bar for each signal, the longest first."""
    longest = max((abs(signal.contribution) for signal in signals), default=0.0)
    total = sum(signal.contribution for signal in signals if signal.contribution > 0)
    ordered = sorted(signals, key=lambda signal: -abs(signal.contribution))
    return [_bar(signal, longest, total) for signal in ordered]


def _bar(signal: Signal, longest: float, total: float) -> Bar:
    label = SIGNAL_WORDS[signal.name][0] if signal.name in SIGNAL_WORDS else spoken(signal.name).capitalize()
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
    found = ", ".join(f"{_ordinal(rank)} {_ARMS.get(arm, f'by {spoken(arm)}')}" for arm, rank in ranks)
    parts = f"{explanation.chunks_matched} of its parts match" if explanation.chunks_matched > 1 else ""
    return "; ".join(filter(None, [found, parts]))


def _reranked(explanation: Explanation) -> str:
    """'4th before; …': the place in the first ranking and the reranker's score."""
    moved = explanation.rerank
    if moved is None:
        return ""
    before = _ordinal(moved.place_before)
    return f"{before} before; from the worst (0) to the best (1) of those that were read again it got {moved.score:.2f}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
