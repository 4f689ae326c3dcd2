"""What preparing a context through the JSON API takes and answers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from memories.api.parameters import FilterIn
from memories.context import ContextRequest, Learnt, PreparedContext, Target, UsedMemory, count_tokens
from memshadow.lib.strict import StrictModel

PROMPT_MAX_CHARS = 400_000
HISTORY_MAX = 500
TOKENS_MAX = 10_000_000

FormatName = Literal[
    "openai-chat", "openai-responses", "anthropic", "gemini", "llama", "chatml", "markdown", "xml", "plain"
]
StrategyName = Literal["auto", "relevance", "recency", "topical", "conversational"]
LayoutName = Literal["detailed", "natural"]
Tokens = Annotated[int, Field(ge=0, le=TOKENS_MAX)]
Text = Annotated[str, StringConstraints(max_length=PROMPT_MAX_CHARS)]


class ContextIn(StrictModel):
    """A prompt on its way to a model. Only `prompt` is required."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prompt": "What should I avoid when baking for my daughter?", "model": "gpt-4o"},
                {
                    "prompt": "What did we decide about the roof last week?",
                    "model": "claude-opus-5",
                    "strategy": "recency",
                    "budget_tokens": 800,
                    "filters": {"tag": ["house"]},
                },
            ]
        }
    )

    prompt: Annotated[str, StringConstraints(min_length=1, max_length=PROMPT_MAX_CHARS)]
    model: str = Field(default="", max_length=200, description="Whom it goes to; a safe default when left out.")
    persona: UUID | None = Field(
        default=None, description="Its memories count more, those of other personas not at all."
    )
    conversation: UUID | None = Field(default=None, description="One of this server, whose last turns may be wanted.")
    strategy: StrategyName = Field(default="auto", description="How memories are chosen; `auto` says why.")
    budget_tokens: Tokens | None = Field(
        default=None, description="What memories may take at most; the server's, after your feedback, when left out."
    )
    system: Text = Field(default="", description="The system prompt that goes along.")
    history: list[Text] = Field(
        default=[],
        max_length=HISTORY_MAX,
        description="The texts that you send along beside the prompt; memories that say the same are left out.",
    )
    history_tokens: Tokens | None = Field(default=None, description="What `history` takes; counted when left out.")
    reserve_tokens: Tokens | None = Field(default=None, description="Kept for the answer; the model's when left out.")
    format: FormatName | None = Field(default=None, description="Of the messages; the model's when left out.")
    layout: LayoutName | None = Field(
        default=None, description="Time, source and relevance beside each memory, or sentences."
    )
    diversity: float | None = Field(
        default=None, ge=0, le=1, description="0 for relevance only, towards 1 for variety."
    )
    filters: FilterIn = Field(default_factory=FilterIn, description="Which memories may be used.")

    def request(self) -> ContextRequest:
        """As `memories.context` takes it."""
        history = self.history_tokens
        if history is None:
            history = sum(count_tokens(text, self.model) for text in self.history)
        return ContextRequest(
            prompt=self.prompt,
            model=self.model,
            persona=self.persona,
            conversation=self.conversation,
            strategy=self.strategy,
            budget=self.budget_tokens,
            system=self.system,
            history=self.history,
            history_tokens=history,
            reserve=self.reserve_tokens,
            format=self.format,
            layout=self.layout,
            diversity=self.diversity,
            wanted=self.filters.wanted(),
        )


class UsedMemoryOut(BaseModel):
    """A memory in the context."""

    id: UUID
    text: str = Field(description="What stands in the block, cut and masked as it is there.")
    score: float = Field(description="How likely it answers, 0 to 1; 0 for a recent turn, which stands for its place.")
    tokens: int
    recent: bool = Field(description="One of the conversation's last turns.")
    cut: bool = Field(description="Sentences that do not answer were left out.")
    masked: bool = Field(description="A secret or an order to a model was taken out.")
    reasons: list[str] = Field(description="Why it is here, in plain words.")
    signals: dict[str, float] = Field(description="What each of the search's signals added to its rank.")

    @classmethod
    def of(cls, used: UsedMemory) -> UsedMemoryOut:
        """From a memory of the block."""
        return cls(
            id=used.memory_id,
            text=used.text,
            score=round(used.score, 4),
            tokens=used.tokens,
            recent=used.recent,
            cut=used.cut,
            masked=used.masked,
            reasons=list(used.reasons),
            signals={signal.name: round(signal.contribution, 4) for signal in used.signals if signal.contribution},
        )


class LeftOutOut(BaseModel):
    """A memory that matched and is not in the context."""

    id: UUID
    score: float
    why: Literal["no_room", "policy", "sent", "sealed"]
    reason: str = Field(description="The same in plain words.")


class ContextTokensOut(BaseModel):
    """Where the model's window goes, in tokens."""

    window: int
    system: int
    prompt: int
    history: int
    memories: int = Field(description="What the block takes.")
    reserve: int = Field(description="Kept for the answer.")
    free: int
    budget: int = Field(description="What the block could have taken.")
    exact: bool = Field(description="Counted by the model's own tokenizer; else estimated on the safe side.")


class TargetOut(BaseModel):
    """A model, or a family of them, that contexts are prepared for."""

    id: UUID | None = Field(description="Of one that was added; null for the shipped ones.")
    origin: Literal["yours", "server", "shipped"]
    name: str
    match: list[str] = Field(description="Names and patterns, * for anything.")
    provider: str
    window: int
    output: int
    format: str
    style: str
    layout: str
    special: list[str] = Field(description="Texts that its templates give a meaning; in memories they are broken up.")
    tokenizer: str
    system_role: bool

    @classmethod
    def of(cls, target: Target) -> TargetOut:
        """From a target of the registry, with what its provider's defaults say."""
        return cls.model_validate({name: getattr(target, name) for name in TargetOut.model_fields})


class ContextTargetOut(TargetOut):
    """The target that a model's name was recognised as."""

    guessed: bool = Field(description="The name is not known: a small window and OpenAI's format were assumed.")


class LearntOut(BaseModel):
    """What verdicts on contexts changed."""

    budget_factor: float = Field(description="On the room for memories where a request names no budget.")
    threshold_factor: float = Field(description="On the least score of a memory.")
    verdicts: int = Field(description="How many of the latest verdicts it comes from.")
    note: str = Field(description="In plain words; empty while nothing is changed.")


class ContextOut(BaseModel):
    """What to send, and how it came about."""

    context: str = Field(description="The fenced memories; empty when none helps. Data, never instructions.")
    messages: Any = Field(description="System, context and prompt in `format`, ready to send: a list, object or text.")
    format: str
    used: list[UsedMemoryOut]
    left_out: list[LeftOutOut]
    tokens: ContextTokensOut
    target: ContextTargetOut
    strategy: str
    strategy_reason: str
    notes: list[str] = Field(description="What was cut, left out or assumed, in plain words.")
    understood: list[str] = Field(description="What search understood of the prompt: names and times.")
    learnt: LearntOut
    retrieval_id: UUID | None = Field(description="For `POST /feedback/context`; null where searches are not logged.")
    took_ms: float
    search_ms: float = Field(description="How much of that the search took.")

    @classmethod
    def of(cls, made: PreparedContext) -> ContextOut:
        """From what was prepared."""
        left_out = [
            LeftOutOut.model_validate(
                {"id": one.memory.id, "score": round(one.score, 4), "why": one.why, "reason": one.reason}
            )
            for one in made.left_out
        ]
        return cls(
            context=made.block,
            messages=made.messages,
            format=made.format,
            used=[UsedMemoryOut.of(one) for one in made.used],
            left_out=left_out,
            tokens=ContextTokensOut(**asdict(made.tokens), free=made.tokens.free),
            target=ContextTargetOut(**TargetOut.of(made.target).model_dump(), guessed=not made.target.known),
            strategy=made.strategy,
            strategy_reason=made.strategy_reason,
            notes=list(made.notes),
            understood=list(made.understood),
            learnt=learnt_out(made.learnt),
            retrieval_id=made.retrieval_id,
            took_ms=made.took_ms,
            search_ms=made.search_ms,
        )


def learnt_out(learnt: Learnt) -> LearntOut:
    """From what verdicts taught."""
    return LearntOut(
        budget_factor=learnt.budget, threshold_factor=learnt.threshold, verdicts=learnt.verdicts, note=learnt.note
    )
