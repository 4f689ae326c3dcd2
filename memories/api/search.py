"""Search: in plain words, by meaning and by words at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from ninja import Router
from pydantic import BaseModel, Field, StringConstraints

from accounts.models import User
from accounts.scopes import ApiRequest, scope
from memories import retrieval
from memories.api.parameters import FilterIn
from memories.schemas import MemoryOut
from memories.services.feedback import log_retrieval
from memshadow.lib.strict import LIMIT_MAX, StrictModel, StrictQuery

router = Router(tags=["Search"])

Question = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class Asking(StrictModel):
    """A question, and how much of the answer."""

    q: Question = Field(description='Plain words; "quotes" for a phrase, -word to leave out.')
    limit: int = Field(default=10, ge=1, le=LIMIT_MAX)
    cursor: str | None = Field(default=None, max_length=200, description="`next_cursor` of the page before.")
    threshold: float = Field(default=0.0, ge=0, le=1, description="The least score.")
    explain: bool = Field(default=False, description="Say why each memory ranked where it did.")


class SearchQuery(Asking, FilterIn):
    """A question, with its filter in the same query."""


class SearchIn(Asking):
    """A question, with its filter as an object."""

    filters: FilterIn = Field(default_factory=FilterIn)


class SnippetOut(BaseModel):
    """The part of the memory that answers: `content[start:end]`, in characters."""

    text: str
    html: str = Field(description="Escaped, with <mark> around the words of the question.")
    marks: list[tuple[int, int]] = Field(description="Where those words are within `text`.")
    start: int
    end: int


class SignalOut(BaseModel):
    """One reason of a rank."""

    name: str
    value: float
    weight: float
    contribution: float = Field(description="weight times value, in the unit in which signals are summed.")


class ExplanationOut(BaseModel):
    """Why a memory ranked where it did."""

    signals: list[SignalOut] = Field(description="The largest contribution first.")
    ranks: dict[str, int] = Field(description="The place, from 1, in each arm that proposed it.")
    chunk: int
    chunks_matched: int
    learnt: list[str] = Field(description="The rules learnt from feedback that took part.")


class HitOut(BaseModel):
    """A memory that was found."""

    memory: MemoryOut
    score: float = Field(description="0 to 1.")
    snippet: SnippetOut
    explanation: ExplanationOut | None

    @classmethod
    def of(cls, hit: retrieval.Hit) -> HitOut:
        """From the search's hit."""
        return cls(
            memory=MemoryOut.of(hit.memory),
            score=hit.score,
            snippet=SnippetOut(**asdict(hit.snippet), html=str(hit.snippet.html)),
            explanation=ExplanationOut(**asdict(hit.explanation)) if hit.explanation else None,
        )


class SearchOut(BaseModel):
    """Hits, best first."""

    retrieval_id: UUID | None = Field(description="What feedback on these hits names; null while the log is off.")
    items: list[HitOut]
    next_cursor: str | None
    took_ms: float
    understood: list[str] = Field(description="How the question was read.")
    plan: str = Field(description="How vectors were compared: exact, hnsw or none.")
    arms: dict[str, int] = Field(description="How many chunks each arm proposed.")


def answer(owner: User, asked: Asking, filters: FilterIn) -> SearchOut:
    """Search, note it for feedback, and put the result in its schema."""
    request = retrieval.SearchRequest(
        owner=owner,
        query=asked.q,
        wanted=filters.wanted(),
        limit=asked.limit,
        cursor=asked.cursor,
        threshold=asked.threshold,
        explain=asked.explain,
    )
    result = retrieval.search(request)
    return SearchOut(
        retrieval_id=log_retrieval(owner=owner, request=request, result=result, via="api"),
        items=[HitOut.of(hit) for hit in result.hits],
        next_cursor=result.next_cursor,
        took_ms=result.took_ms,
        plan=result.plan,
        arms=dict(result.arms),
        understood=list(result.understood),
    )


@router.get("/search", auth=scope("read"), response=SearchOut)
def search_memories(request: ApiRequest, query: Annotated[SearchQuery, StrictQuery(...)]) -> SearchOut:
    """Find the memories that answer a question."""
    return answer(request.auth.owner, query, query)


@router.post("/search", auth=scope("read"), response=SearchOut)
def search_memories_by_body(request: ApiRequest, search: SearchIn) -> SearchOut:
    """Find the memories that answer a question, asked in a body.

    For long questions, and for those that should not stand in an address (and so in access logs).
    """
    return answer(request.auth.owner, search, search.filters)
