"""The fenced block: memories put in, in their order, until the budget is used; never over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from memories.context._entries import Manner, entry, harmless
from memories.context._request import NO_ROOM, POLICY, LeftOut, UsedMemory
from memories.context._sentences import GAP, fitting, sentences
from memories.context._strategies import Candidate, recent_first
from memories.injected import CLOSING, NOTICE, OPENING, strip_injected
from memories.models import Memory
from memories.screening import findings_of, masked
from memories.signal_words import reasons_for

Count = Callable[[str], int]
LEAVE_OUT: Final = "leave_out"
_CHARACTERS_A_TOKEN: Final = 12  # no text has so many: what is longer is cut without being counted


@dataclass(frozen=True, slots=True)
class Filled:
    """The block, what stands in it, and which candidates do not: for want of room, or by policy."""

    text: str
    tokens: int
    used: tuple[UsedMemory, ...]
    left_out: tuple[LeftOut, ...] = ()

    def left_for(self, why: str) -> int:
        """How many were left out for that reason."""
        return sum(one.why == why for one in self.left_out)


def filled(candidates: Sequence[Candidate], budget: int, manner: Manner, count: Count) -> Filled:
    """A block of at most `budget` tokens as `count` counts them.

    Recent turns of the conversation take at most half and stand in the order of time, before the others.
    """
    filling = _Filling(budget, manner, count)
    recent, others = recent_first(candidates)
    used = list(reversed(filling.take(recent, int(budget * settings.CONTEXT_RECENT_SHARE))))
    used += filling.take(others, budget)
    entries = [filling.entry_of(one) for one in used]
    text = framed(entries)
    tokens = count(text)
    while used and tokens > budget:  # the whole may have some tokens more than its parts
        over = tokens - budget
        while used and over > 0:
            last = used.pop()
            entries.pop()
            over -= last.tokens
            filling.left.append(LeftOut(last.memory, last.score, NO_ROOM))
        text = framed(entries)
        tokens = count(text)
    return Filled(text if used else "", tokens if used else 0, tuple(used), tuple(filling.left))


class _Filling:
    """The block while it is filled: what is taken, and what could not be."""

    def __init__(self, budget: int, manner: Manner, count: Count) -> None:
        self.budget, self.manner, self.count = budget, manner, count
        self.taken = count(framed([]))
        self.left: list[LeftOut] = []

    def take(self, candidates: Sequence[Candidate], until: int) -> list[UsedMemory]:
        """Those of the candidates that fit while the block has at most `until` tokens."""
        used = []
        best = max((candidate.score for candidate in candidates), default=0.0)
        for candidate in candidates:
            text = safe_text(candidate.memory.content)
            most = min(until - self.taken, self._most(candidate, best))
            put = _put(candidate, text, most, self.manner, self.count) if text is not None else None
            if put is not None:
                used.append(put)
                self.taken += put.tokens
            else:
                why = NO_ROOM if text is not None else POLICY
                self.left.append(LeftOut(candidate.memory, candidate.score, why))
        return used

    def _most(self, candidate: Candidate, best: float) -> int:
        """The tokens that this one may take: the share of one memory, of a barely relevant one no more than fits it."""
        most = max(1, int(self.budget * settings.CONTEXT_ONE_MEMORY_SHARE))
        if candidate.recent:
            return most
        relevance = min(1.0, candidate.score / max(best, settings.CONTEXT_SURE_SCORE))
        return max(int(most * relevance), min(most, settings.CONTEXT_SHORT_TOKENS))

    def entry_of(self, one: UsedMemory) -> str:
        """As it stands in the block."""
        return _entry(one.memory, one.score, one.text, one.recent, self.manner)


def framed(entries: Sequence[str]) -> str:
    """Entries between the lines by which the block is recognised."""
    return "\n".join([OPENING, NOTICE, *entries, CLOSING])


def safe_text(content: str) -> str | None:
    """A memory's text as it may go into a prompt; None where policy leaves it out.

    Both settings can be mask or leave_out. Of a text that addresses a model, masking takes the sentences that do.
    """
    text = strip_injected(content)
    found = findings_of(text)
    if (found.signs and settings.CONTEXT_SUSPICIOUS == LEAVE_OUT) or (
        found.secrets and settings.CONTEXT_SECRETS == LEAVE_OUT
    ):
        return None
    text = masked(text) if found.secrets else text
    return _without_orders(text) if found.signs else text


def _without_orders(text: str) -> str | None:
    kept = [part if not findings_of(part).signs else f"{GAP} " for part in sentences(text)]
    left = "".join(kept)
    return None if findings_of(left).signs or not left.replace(GAP, "").strip() else left


def _put(candidate: Candidate, text: str, allowed: int, manner: Manner, count: Count) -> UsedMemory | None:
    """The candidate within `allowed` tokens, whole or as the sentences around what was found; None when none fits."""
    if allowed <= 0:
        return None
    clean = harmless(text, manner).strip()
    if len(clean) <= allowed * _CHARACTERS_A_TOKEN:
        whole = count(_of(candidate, clean, manner))
        if whole <= allowed:
            return _used(candidate, clean, whole, text, cut=False)
    head = count(_of(candidate, "", manner))
    if head >= allowed:
        return None
    part = fitting(clean, allowed - head, count, around=min(candidate.place, max(0, len(clean) - 1)))
    return _used(candidate, part, head + count(part), text, cut=True) if part else None


def _of(candidate: Candidate, text: str, manner: Manner) -> str:
    return _entry(candidate.memory, candidate.score, text, candidate.recent, manner) + "\n"


def _entry(memory: Memory, score: float, text: str, recent: bool, manner: Manner) -> str:
    return entry(memory, "recent turn" if recent else f"relevance {score:.0%}", text, manner)


def _used(candidate: Candidate, text: str, tokens: int, whole: str, *, cut: bool) -> UsedMemory:
    return UsedMemory(
        memory=candidate.memory,
        score=candidate.score,
        text=text,
        tokens=tokens,
        cut=cut,
        masked=whole != candidate.memory.content,
        reasons=(*candidate.reasons, *reasons_for(candidate.signals)),
        signals=candidate.signals,
        recent=candidate.recent,
    )
