"""A prepared context as the studio shows it: bars by part, reasons a memory, the block and the messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.urls import reverse

from memories.context import LeftOut, PreparedContext, TokenParts, UsedMemory
from memories.views.cards import title_of
from memories.views.explaining import BAR, Bar, bars_of


@dataclass(frozen=True, slots=True)
class Part:
    """Where tokens go: a label, how many, and how far the bar reaches (of BAR)."""

    label: str
    tokens: int
    width: int


@dataclass(frozen=True, slots=True)
class Used:
    """A memory that would go in."""

    title: str
    url: str
    text: str
    tokens: int
    score: str
    width: int
    reasons: str
    cut: bool
    masked: bool
    recent: bool
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Left:
    """A memory that matched and would not."""

    title: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One side's result."""

    side: str
    model: str
    made: PreparedContext
    parts: list[Part]
    share: Part
    used: list[Used]
    left: list[Left]
    messages: str
    retrieval_id: UUID | None


_NAMES: Final = (
    ("System", "system"),
    ("Your prompt", "prompt"),
    ("Sent along", "history"),
    ("Memories", "memories"),
    ("Kept for the answer", "reserve"),
    ("Free", "free"),
)


def shown(side: str, made: PreparedContext, *, model: str) -> Shown:
    """What the page needs of it. `model`: its name as it was asked for, empty for none."""
    text = made.messages if isinstance(made.messages, str) else json.dumps(made.messages, ensure_ascii=False, indent=2)
    return Shown(
        side=side,
        model=made.target.name if made.target.known else model.strip() or "Any model",
        made=made,
        parts=list(_parts(made.tokens)),
        share=_part("Memories", made.tokens.memories, made.tokens.budget),
        used=[_used(one) for one in made.used],
        left=[_left(one) for one in made.left_out],
        messages=text,
        retrieval_id=made.retrieval_id,
    )


def _parts(tokens: TokenParts) -> Iterator[Part]:
    for label, name in _NAMES:
        if count := getattr(tokens, name):
            yield _part(label, count, tokens.window)


def _part(label: str, tokens: int, whole: int) -> Part:
    return Part(label, tokens, min(BAR, max(1 if tokens else 0, round(BAR * tokens / max(1, whole)))))


def _used(one: UsedMemory) -> Used:
    return Used(
        title=title_of(one.memory),
        url=reverse("memories:detail", args=[one.memory_id]),
        text=one.text,
        tokens=one.tokens,
        score="" if one.recent else _score(one.score),
        width=max(1, round(BAR * one.score)),
        reasons=_sentence(one.reasons),
        cut=one.cut,
        masked=one.masked,
        recent=one.recent,
        bars=bars_of([signal for signal in one.signals if signal.contribution]),
    )


def _score(score: float) -> str:
    return f"{score:.0%}" if score >= 0.01 else "< 1%"


def _sentence(reasons: tuple[str, ...]) -> str:
    """'Is close in meaning; has your words in it.'"""
    said = "; ".join(reasons)
    return f"{said[:1].upper()}{said[1:]}." if said else "Nothing speaks strongly for it; it is nearer than the others."


def _left(one: LeftOut) -> Left:
    return Left(title_of(one.memory), reverse("memories:detail", args=[one.memory.id]), one.reason)
