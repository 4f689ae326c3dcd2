"""POST /query: a model of the person's is asked with their memories."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from django.http.response import HttpResponseBase
from ninja import Router
from pydantic import BaseModel, Field, StringConstraints

from accounts.scopes import ApiRequest, scope
from memories.context import AUTO, UsedMemory
from memories.gateway.asking import Asking, Question, prepared, streamed_answer, whole_answer
from memories.gateway.dialects import Reply
from memories.gateway.refusals import ModelRefused
from memories.gateway.wishes import Memory, Wishes
from memshadow.lib.strict import Flag, StrictModel

router = Router(tags=["Gateway"])

Prompt = Annotated[str, StringConstraints(min_length=1, max_length=200_000)]
Word = Annotated[str, StringConstraints(max_length=200)]


class QueryIn(StrictModel):
    """A question to a model."""

    prompt: Prompt = Field(examples=["What must I avoid when I bake for my daughter?"])
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(examples=["gpt-4o-mini"])
    upstream: Word = Field(default="", description="The name of a stored server; else the provider's default.")
    system: Annotated[str, StringConstraints(max_length=100_000)] = Field(default="", description="Instructions.")
    persona: Word = Field(default="", description="Only memories of this persona: its name or id.")
    conversation: Word = Field(default="", description="Our id, or any name of yours, to go on with a conversation.")
    strategy: Word = Field(default=AUTO, description="How memories are chosen.")
    budget_tokens: int | None = Field(default=None, ge=0, le=1_000_000, description="What memories may take at most.")
    remember: Flag = Field(default=True, description="Whether both sides become turns of a conversation.")
    stream: Flag = Field(default=False, description="Answer with events: memories, words, done or error.")

    def question(self) -> Question:
        """As the gateway takes it."""
        memory = Memory.ON if self.remember else Memory.READ
        wishes = Wishes(memory, self.persona, self.conversation, self.strategy, self.budget_tokens, self.upstream)
        return Question(self.prompt, self.model, self.system, wishes, self.stream)


class QueryUsedOut(BaseModel):
    """A memory that went into the prompt."""

    memory_id: UUID
    score: float
    tokens: int
    cut: bool = Field(description="Sentences that do not answer were left out.")
    masked: bool = Field(description="Secrets in it are masked.")
    reasons: list[str]

    @classmethod
    def of(cls, one: UsedMemory) -> QueryUsedOut:
        """From the prepared context."""
        score, reasons = round(one.score, 4), list(one.reasons)
        return cls(
            memory_id=one.memory_id, score=score, tokens=one.tokens, cut=one.cut, masked=one.masked, reasons=reasons
        )


class QueryTokensOut(BaseModel):
    """Tokens: those of the memories as we count them, the others as the model's server says (null: it does not)."""

    memories: int
    input: int | None
    output: int | None


class QueryOut(BaseModel):
    """The answer, and what it rests on."""

    answer: str
    model: str
    upstream: str
    conversation_id: UUID | None = Field(description="Null when it is not remembered.")
    used: list[QueryUsedOut]
    tokens: QueryTokensOut
    strategy: str
    strategy_reason: str
    notes: list[str] = Field(description="What was cut, left out or assumed.")
    retrieval_id: UUID | None = Field(description="For feedback on these memories.")
    took_ms: float


@router.post("/query", auth=scope("gateway"), response=QueryOut)
def query_model(request: ApiRequest, query: QueryIn) -> QueryOut | HttpResponseBase:
    """Ask a model with the memories that the question needs. 409: no server for it is stored; 502: it refuses."""
    request.auth.require("memories:read")
    started = time.perf_counter()
    asking = prepared(request.auth, query.question())
    if query.stream:
        return _streamed(request, asking)
    reply = whole_answer(asking)
    took_ms = round((time.perf_counter() - started) * 1000, 2)
    return QueryOut(answer=reply.text, tokens=_tokens(asking, reply), took_ms=took_ms, **_about(asking, reply))


def _streamed(request: ApiRequest, asking: Asking) -> HttpResponseBase:
    path = request.path

    def last(reply: Reply) -> dict[str, Any]:
        tokens = _tokens(asking, reply).model_dump()
        return {"answer": reply.text, "model": reply.model or asking.question.model, "tokens": tokens}

    def problem(error: ModelRefused) -> bytes:
        return json.dumps(
            {
                "type": f"urn:memshadow:problem:{error.code}",
                "title": HTTPStatus(error.status).phrase,
                "status": error.status,
                "detail": error.message,
                "instance": path,
                "code": error.code,
                **error.details,
            }
        ).encode()

    told = {name: value for name, value in _about(asking, Reply()).items() if name != "used"}
    first = {**told, "used": [one.model_dump(mode="json") for one in _used(asking)]}
    first |= {name: str(first[name]) for name in ("conversation_id", "retrieval_id") if first[name]}
    return streamed_answer(request, asking, first=first, last=last, problem=problem)


def _about(asking: Asking, reply: Reply) -> dict[str, Any]:
    made = asking.remembered.context
    return {
        "model": reply.model or asking.question.model,
        "upstream": asking.upstream.name,
        "conversation_id": asking.conversation_id,
        "used": _used(asking),
        "strategy": made.strategy if made else "",
        "strategy_reason": made.strategy_reason if made else "",
        "notes": list(made.notes) if made else [],
        "retrieval_id": made.retrieval_id if made else None,
    }


def _used(asking: Asking) -> list[QueryUsedOut]:
    made = asking.remembered.context
    return [QueryUsedOut.of(one) for one in made.used] if made else []


def _tokens(asking: Asking, reply: Reply) -> QueryTokensOut:
    return QueryTokensOut(memories=asking.remembered.tokens, input=reply.input_tokens, output=reply.output_tokens)
