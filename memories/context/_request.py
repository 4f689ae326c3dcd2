"""What a context is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from memories.context._learnt import Learnt
from memories.context.targets import Target
from memories.filters import MemoryFilter
from memories.models import Memory
from memories.retrieval import Signal

AUTO = "auto"
NO_ROOM, POLICY, SENT, SEALED = "no_room", "policy", "sent", "sealed"
LEFT_OUT_WORDS: Final = {
    NO_ROOM: "It did not fit into the budget.",
    POLICY: "By policy: what it says is addressed to a model, or secret.",
    SENT: "It is sent along already.",
    SEALED: "Its owner sealed it; nobody else can read it.",
}


@dataclass(frozen=True, slots=True)
class ContextRequest:
    """A prompt on its way to a model.

    `model`: its name, empty for the safe default. `conversation`: one of ours, whose recent turns may be wanted.
    `budget`: tokens that memories may take at most, within the setting's share of the window. `system` goes along with
    the prompt; `history_tokens` is what else the caller sends, and `history` its texts, which are not repeated as
    memories. `reserve`: tokens kept for the answer; None for the target's. `format`: of the messages; None for the
    target's. `layout`: detailed or natural; None for the target's. `diversity`: 0..1; None for the setting. `wanted`
    narrows the memories. `via`: the face that asks, for the log (memories.models.Via). `at`: the moment of asking.
    """

    prompt: str
    model: str = ""
    persona: UUID | None = None
    conversation: UUID | None = None
    strategy: str = AUTO
    budget: int | None = None
    system: str = ""
    history_tokens: int = 0
    history: Sequence[str] = ()
    reserve: int | None = None
    format: str | None = None
    layout: str | None = None
    diversity: float | None = None
    wanted: MemoryFilter = MemoryFilter()  # noqa: RUF009 - frozen and shared
    via: str = "api"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UsedMemory:
    """A memory in the block. `text` is what stands there; `cut`: sentences were left out. `score` is 0..1.

    `reasons` in plain words, the strategy's first; `signals` are those of the search. `tokens` of its entry. `recent`:
    a turn of the conversation itself, without a score. `masked`: its text is not what is stored.
    """

    memory: Memory
    score: float
    text: str
    tokens: int
    cut: bool
    masked: bool
    reasons: tuple[str, ...]
    signals: tuple[Signal, ...] = ()
    recent: bool = False

    @property
    def memory_id(self) -> UUID:
        """The memory's id."""
        return self.memory.id


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A memory that matched and is not in the block. `why`: no_room, policy, sent (the caller sends it) or sealed."""

    memory: Memory
    score: float
    why: str

    @property
    def reason(self) -> str:
        """In plain words."""
        return LEFT_OUT_WORDS[self.why]


@dataclass(frozen=True, slots=True)
class TokenParts:
    """Where the window goes, in tokens. `budget` is what memories could take, `memories` what they took.

    `exact`: counted with the model's own tokenizer, else estimated on the safe side.
    """

    window: int
    system: int
    prompt: int
    history: int
    reserve: int
    budget: int
    memories: int
    exact: bool

    @property
    def free(self) -> int:
        """What is left of the window, never below 0."""
        return max(0, self.window - self.system - self.prompt - self.history - self.reserve - self.memories)


@dataclass(frozen=True, slots=True)
class PreparedContext:
    """The block, ready to be put before the prompt, and how it came about.

    `block` is the fenced text, empty when no memory fits. `messages`: system, block and prompt in `format`, ready to
    send: a list, an object or a text. `notes` say in plain words what was cut, left out or assumed, `left_out` which
    memories. `learnt`: what verdicts changed. `retrieval_id` names the search for feedback; None when the log is off.
    """

    block: str
    messages: Any
    format: str
    used: tuple[UsedMemory, ...]
    tokens: TokenParts
    target: Target
    strategy: str
    strategy_reason: str
    notes: tuple[str, ...] = ()
    retrieval_id: UUID | None = None
    took_ms: float = 0.0
    search_ms: float = 0.0
    left_out: tuple[LeftOut, ...] = ()
    learnt: Learnt = Learnt()  # noqa: RUF009 - frozen and shared
    understood: tuple[str, ...] = field(default=())
