"""What a search through the JSON API takes and answers."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Literal
from uuid import UUID

from django.utils.html import escape
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints
from pydantic_core import PydanticCustomError

from accounts.models import User
from memories import retrieval
from memories.api.parameters import FilterIn, MaskSecrets
from memories.schemas import MemoryOut
from memories.screening import dotted
from memshadow.lib.strict import LIMIT_MAX, Flag, Moment, StrictModel

Question = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
ArmName = Literal["vector", "lexical", "author", "time"]
RerankerName = Literal["none", "cross_encoder", "llm"]


def _known_signals(weights: dict[str, float]) -> dict[str, float]:
    known = getattr(retrieval, "SIGNALS", tuple(weights))
    unknown = sorted(set(weights) - set(known))
    if unknown:
        raise PydanticCustomError(
            "unknown_signal",
            "{names} is no signal; known are {known}.",
            {"names": ", ".join(name[:80] for name in unknown), "known": ", ".join(known)},
        )
    return weights


Weight = Annotated[float, Strict(), Field(ge=0, le=100)]
Weights = Annotated[dict[str, Weight], Field(max_length=40), AfterValidator(_known_signals)]


class Asking(StrictModel):
    """A question, and how much of the answer."""

    q: Question = Field(
        description='The question in plain words; "quotes" for a phrase, -word to leave out, and filters such as '
        "`tag:work before:2025-03` (docs/search.md). Filters without words list what passes them, newest first.",
        examples=['what did we decide about the roof tag:house after:2025 -"garden shed"'],
    )
    plain: bool = Field(
        default=False,
        description="Take q as words alone, without looking for filters: for text that nobody wrote for a search "
        "box, such as a prompt.",
    )
    limit: int = Field(default=10, ge=1, le=LIMIT_MAX)
    cursor: str | None = Field(default=None, max_length=600, description="`next_cursor` of the page before.")
    page: int = Field(default=1, ge=1, le=LIMIT_MAX, description="Which page, from 1, in place of a cursor.")
    threshold: float = Field(default=0.0, ge=0, le=1, description="The least score.")
    explain: bool = Field(default=False, description="Say why each memory ranked where it did.")
    highlight: bool = Field(default=True, description="Mark the words of the question in the snippets.")
    mask_secrets: MaskSecrets = False

    def request(self, owner: User, filters: FilterIn) -> retrieval.SearchRequest:
        """As `memories.asking` takes it."""
        return retrieval.SearchRequest(
            owner=owner,
            query=self.q,
            wanted=filters.wanted(),
            limit=self.limit,
            cursor=self.cursor,
            threshold=self.threshold,
            explain=self.explain,
            sealed=True,
        )


class SearchQuery(Asking, FilterIn):
    """A question, with its filter in the same query."""


class SearchIn(Asking):
    """A question with everything that can be said about the answer. Only `q` is required."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"q": "what did we decide about the roof", "limit": 5},
                {"q": "tag:house before:2025-03 roof", "explain": True, "threshold": 0.3},
                {
                    "q": "who wanted to change the release date",
                    "filters": {"kind": ["turn"], "source": ["import:claude"]},
                    "arms": ["vector", "lexical"],
                    "weights": {"recency": 0.2},
                    "recency_half_life_days": 30,
                    "diversity": 0.3,
                    "at": "2025-03-01T10:00:00Z",
                },
            ]
        }
    )

    filters: FilterIn = Field(default_factory=FilterIn, description="Which memories; filters in `q` narrow it further.")
    arms: list[ArmName] = Field(
        default=list(retrieval.ARMS), min_length=1, max_length=4, description="Which arms propose candidates."
    )
    weights: Weights = Field(default={}, description="Weights by signal in place of the defaults; 0 switches one off.")
    recency_half_life_days: float | None = Field(
        default=None, ge=0, le=36_500, description="Null for the server's, 0 for no recency."
    )
    diversity: float = Field(default=0.0, ge=0, le=1, description="0 for relevance only, towards 1 for variety.")
    collapse: Flag = Field(default=True, description="Leave near-duplicates of a better hit out.")
    rerank: RerankerName = Field(
        default="none",
        description="Have a model that the server's administrator has set up read the best hits once more: a "
        "cross-encoder on the server, or a language model, to whose server they are then sent.",
    )
    at: Moment | None = Field(default=None, description="The moment of asking, for 'last spring' and recency.")
    as_of: Moment | None = Field(default=None, description="Only what was known then.")

    def request(self, owner: User, filters: FilterIn) -> retrieval.SearchRequest:
        """As `memories.asking` takes it."""
        return retrieval.SearchRequest(
            owner=owner,
            query=self.q,
            wanted=filters.wanted(),
            limit=self.limit,
            cursor=self.cursor,
            threshold=self.threshold,
            explain=self.explain,
            at=self.at,
            as_of=self.as_of,
            arms=tuple(self.arms),
            weights=self.weights,
            recency_half_life_days=self.recency_half_life_days,
            diversity=self.diversity,
            collapse=self.collapse,
            rerank=self.rerank,
            sealed=True,
        )


class SnippetOut(BaseModel):
    """The part of the memory that answers: `content[start:end]`, in characters."""

    text: str
    html: str = Field(description="Escaped, with <mark> around the words of the question.")
    marks: list[tuple[int, int]] = Field(description="Where those words are within `text`.")
    start: int
    end: int

    @classmethod
    def of(cls, snippet: retrieval.Snippet, *, highlight: bool) -> SnippetOut:
        """From the search's snippet, with marks or without."""
        html, marks = (str(snippet.html), snippet.marks) if highlight else (escape(snippet.text), [])
        return cls(text=snippet.text, html=html, marks=marks, start=snippet.start, end=snippet.end)


class SignalOut(BaseModel):
    """One reason of a rank."""

    name: str
    value: float
    weight: float
    contribution: float = Field(description="weight times value, in the unit in which signals are summed.")


class MovedOut(BaseModel):
    """What a reranker made of a hit."""

    score: float = Field(description="0 for the worst hit that it read, 1 for the best.")
    place_before: int = Field(description="The place in the first ranking, from 1, before near-duplicates collapsed.")


class ExplanationOut(BaseModel):
    """Why a memory ranked where it did."""

    signals: list[SignalOut] = Field(description="The largest contribution first.")
    ranks: dict[str, int] = Field(description="The place, from 1, in each arm that proposed it.")
    chunk: int
    chunks_matched: int
    learnt: list[str] = Field(description="The rules learnt from feedback that took part.")
    rerank: MovedOut | None = Field(description="Null for a hit that no reranker read.")


class HitOut(BaseModel):
    """A memory that was found."""

    memory: MemoryOut
    score: float = Field(description="0 to 1.")
    snippet: SnippetOut
    explanation: ExplanationOut | None

    @classmethod
    def of(cls, hit: retrieval.Hit, *, highlight: bool = True, mask_secrets: bool = False) -> HitOut:
        """From the search's hit."""
        snippet = hit.snippet
        if mask_secrets:
            snippet = replace(snippet, text=dotted(hit.memory.content, start=snippet.start, end=snippet.end))
        return cls(
            memory=MemoryOut.of(hit.memory, mask_secrets=mask_secrets),
            score=hit.score,
            snippet=SnippetOut.of(snippet, highlight=highlight),
            explanation=ExplanationOut(**asdict(hit.explanation)) if hit.explanation else None,
        )


class RerankingOut(BaseModel):
    """What became of the reranking that was asked for."""

    by: str = Field(description="cross_encoder or llm.")
    model: str
    applied: bool = Field(description="False: the hits stand as the first ranking has them.")
    hits: int = Field(description="How many of the best hits were read and put in order.")
    reason: str = Field(description="Why it was not applied, or empty.")


class SearchOut(BaseModel):
    """Hits, best first."""

    retrieval_id: UUID | None = Field(
        description="What feedback on these hits names; null while the log is off, and where filters alone decided."
    )
    items: list[HitOut]
    next_cursor: str | None
    took_ms: float
    understood: list[str] = Field(description="How the question was read, and what in it names nothing of yours.")
    plan: str = Field(description="How vectors were compared: exact, hnsw or none.")
    arms: dict[str, int] = Field(description="How many chunks each arm proposed.")
    rerank: RerankingOut | None = Field(description="Null unless reranking was asked for.")

    @classmethod
    def of(cls, result: retrieval.SearchResult, *, retrieval_id: UUID | None, asked: Asking) -> SearchOut:
        """From the search's result, shown as it was asked for."""
        return cls(
            retrieval_id=retrieval_id,
            items=[HitOut.of(hit, highlight=asked.highlight, mask_secrets=asked.mask_secrets) for hit in result.hits],
            next_cursor=result.next_cursor,
            took_ms=result.took_ms,
            plan=result.plan,
            arms=dict(result.arms),
            understood=list(result.understood),
            rerank=RerankingOut(**asdict(result.rerank)) if result.rerank else None,
        )
