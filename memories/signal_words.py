"""The signals of a rank in words for people, shared by the search page and by context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from memories.retrieval import Signal

_STRONG: Final = 0.15  # of the strongest signal: what is weaker is not named
_NAMED_MAX: Final = 3

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
    "session_late_interaction": ("Word by word around it", "stands where your question is matched word by word"),
    "question": ("A question itself", "asks about it"),
    "when_where": ("Time or place", "names a time or place, as you asked for one"),
    "who_count": ("Person or number", "names a person or a number, as you asked for one"),
    "date": ("Date", "comes from the time that you asked about"),
    "names": ("Names", "has the names in your question"),
    "phrase": ("Quoted phrase", "has the words that you quoted, as you quoted them"),
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


def reasons_for(signals: Sequence[Signal]) -> list[str]:
    """What speaks strongly for a memory, the strongest first: ['is close in meaning', 'has your words in it']."""
    best = max((signal.contribution for signal in signals), default=0.0)
    strong = [signal for signal in signals if best > 0 and signal.contribution >= _STRONG * best]
    return [_clause(signal) for signal in sorted(strong, key=lambda s: -s.contribution)[:_NAMED_MAX]]


def reasons_against(signals: Sequence[Signal]) -> list[str]:
    """What speaks against it: ['only asks about it']."""
    return [_AGAINST[s.name] for s in signals if s.contribution < 0 and s.name in _AGAINST]


def _clause(signal: Signal) -> str:
    known = SIGNAL_WORDS.get(signal.name)
    return known[1] if known else f"fits by {spoken(signal.name)}"


def spoken(name: str) -> str:
    """A signal's or an arm's name as words."""
    return name.replace("_", " ")
