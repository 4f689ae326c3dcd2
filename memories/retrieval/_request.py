"""What a search is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from accounts.models import User
from memories.filters import MemoryFilter
from memories.models import Memory
from memories.retrieval._snippets import Snippet

ARMS: Final = ("vector", "lexical", "author", "time")
NO_RERANK: Final = "none"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One question of one owner.

    `at`: the moment of asking, from which 'last spring' and recency count; now when None. `as_of`: only what was known
    then. `arms` propose candidates; `weights` replace default weights by signal name. `recency_half_life_days`: None
    for the setting's, 0 for no recency. `diversity`: 0 (relevance only) to 1, maximal marginal relevance. `collapse`
    leaves near-duplicates of a better hit out. `threshold` is the least score, 0..1. `cursor` continues a result.
    `rerank`: a name of `memories.reranking.RERANKERS` whose model reads the best hits once more, or none. `sealed`:
    sealed memories too, for those who show them to a person; their text is empty, so they are of no use in a prompt.
    """

    owner: User
    query: str
    wanted: MemoryFilter = MemoryFilter()  # noqa: RUF009 - frozen and shared
    limit: int = 10
    cursor: str | None = None
    threshold: float = 0.0
    explain: bool = False
    at: datetime | None = None
    as_of: datetime | None = None
    arms: tuple[str, ...] = ARMS
    weights: Mapping[str, float] = field(default_factory=dict)
    recency_half_life_days: float | None = None
    diversity: float = 0.0
    collapse: bool = True
    rerank: str = NO_RERANK
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason of a rank: `contribution` is weight x value, in the unit in which signals are summed."""

    name: str
    value: float
    weight: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Moved:
    """What a reranker made of a hit: its score, 0 (the worst that it read) to 1 (the best), and the place before."""

    score: float
    place_before: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a memory ranked where it did.

    `signals` that are not zero, the largest contribution first. `ranks`: the place, from 1, in each arm that proposed
    it. `chunk` is the number of its best chunk. `learnt` names the feedback rules that took part. `rerank` is None for
    a hit that no reranker read.
    """

    signals: tuple[Signal, ...]
    ranks: Mapping[str, int]
    chunk: int
    chunks_matched: int
    learnt: tuple[str, ...] = ()
    rerank: Moved | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A memory that was found, with its tags, persona and conversation loaded. `score` is a probability, 0..1."""

    memory: Memory
    score: float
    snippet: Snippet
    explanation: Explanation | None


@dataclass(frozen=True, slots=True)
class Reranking:
    """What became of the reranking that was asked for: `hits` were reordered, or `reason` says why none were."""

    by: str
    model: str
    applied: bool = False
    hits: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first. `plan` is exact, hnsw or none; `arms` counts what each arm proposed.

    `understood` says in short texts how the question was read ('about May 2024', 'said by Anna'). `rerank` is None
    unless it was asked for.
    """

    hits: list[Hit]
    next_cursor: str | None
    took_ms: float
    plan: str
    arms: Mapping[str, int]
    understood: tuple[str, ...] = ()
    rerank: Reranking | None = None
