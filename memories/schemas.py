"""What goes in and out of the JSON API about memories."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from memories.drafts import (
    AUTHOR_MAX_CHARS,
    EXTERNAL_ID_MAX_CHARS,
    SOURCE_MAX_CHARS,
    TAG_MAX_CHARS,
    TAGS_MAX,
    ConversationRef,
    MemoryDraft,
)
from memories.models import Memory
from memories.screening import LABELS, SIGNS, dotted
from memories.services.idempotency import Outcome
from memories.services.revising import Change
from memshadow.lib.strict import NOT_GIVEN, Flag, JsonObject, Moment, StrictModel

KindName = Literal["note", "turn", "document", "fact", "summary", "insight"]
RoleName = Literal["", "user", "assistant", "system", "tool"]
StateName = Literal["active", "archived", "superseded", "deleted"]
TagName = Annotated[str, StringConstraints(min_length=1, max_length=TAG_MAX_CHARS)]
Tags = Annotated[list[TagName], Field(max_length=TAGS_MAX)]
Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3})?$")]
Source = Annotated[str, StringConstraints(min_length=1, max_length=SOURCE_MAX_CHARS)]
# Six places are more than anyone means, and fit the search index's 32-bit column.
Importance = Annotated[float, Field(ge=0, le=1), AfterValidator(lambda value: round(value, 6))]
Reason = Annotated[str, StringConstraints(max_length=200)]


class ConversationIn(StrictModel):
    """The conversation of a memory: by our `id`, or by the `external_id` that its source uses."""

    id: UUID | None = None
    external_id: str = Field(default="", max_length=EXTERNAL_ID_MAX_CHARS)
    title: str = Field(default="", max_length=300)
    model: str = Field(default="", max_length=80, description="The language model that took part.")
    started_at: Moment | None = None
    ended_at: Moment | None = None

    def reference(self) -> ConversationRef:
        """As capture takes it."""
        return ConversationRef(**self.model_dump())


class MemoryIn(StrictModel):
    """A memory to store. Only `content` is required."""

    content: str = Field(
        min_length=1,
        description=f"At most {settings.MEMORY_MAX_BYTES} bytes of UTF-8.",
        examples=["Ada likes tea."],
    )
    kind: KindName = "note"
    role: RoleName = Field(default="", description="Who spoke, for turns.")
    author: str = Field(default="", max_length=AUTHOR_MAX_CHARS)
    source: Source = Field("api", description="Where it comes from, such as `api` or `cli`.")
    external_id: str = Field(default="", max_length=EXTERNAL_ID_MAX_CHARS, description="The source's own id.")
    conversation: ConversationIn | None = None
    persona_id: UUID | None = None
    tags: Tags = Field(default=[])
    metadata: JsonObject = Field(default={})
    language: Language = Field(default="", description="ISO 639 code; detected when left out.")
    importance: Importance = Field(default=0.5)
    pinned: Flag = False
    occurred_at: Moment | None = Field(default=None, description="When it happened; now when left out.")

    def draft(self) -> MemoryDraft:
        """As capture takes it."""
        given = {name: getattr(self, name) for name in MemoryIn.model_fields if name != "conversation"}
        conversation = self.conversation.reference() if self.conversation else None
        return MemoryDraft(**{**given, "tags": tuple(self.tags)}, conversation=conversation)


class MemoryPatch(StrictModel):
    """What to change; parts left out stay. `persona_id: null` takes the memory out of its persona."""

    content: str = Field(default=NOT_GIVEN, min_length=1)
    ciphertext: str = Field(
        default=NOT_GIVEN,
        min_length=1,
        description="For a sealed memory: its text anew. The vectors of the old text end; give new ones.",
    )
    author: str = Field(default=NOT_GIVEN, max_length=AUTHOR_MAX_CHARS)
    tags: Tags = Field(default=NOT_GIVEN)
    metadata: JsonObject = Field(default=NOT_GIVEN)
    importance: Importance = Field(default=NOT_GIVEN)
    pinned: Flag = Field(default=NOT_GIVEN)
    occurred_at: Moment = Field(default=NOT_GIVEN)
    persona_id: UUID | None = None
    reason: Reason = Field(default="", description="Why; kept with the revision.")

    def change(self) -> Change:
        """As `edit_memory` takes it."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"reason"}}
        if "tags" in given:
            given["tags"] = tuple(self.tags)
        clear = "persona_id" in given and self.persona_id is None
        return Change(**given, clear_persona=clear)


class PersonaRef(BaseModel):
    """A persona, briefly."""

    id: UUID
    name: str


class ConversationRefOut(BaseModel):
    """A conversation, briefly."""

    id: UUID
    title: str
    source: str


class FoundOut(BaseModel):
    """Something that screening found: `content[start:end]`, in characters."""

    kind: str
    about: str = Field(description="What it is, in plain words.")
    start: int
    end: int


class FindingsOut(BaseModel):
    """What its owner should know of a text. Nothing was changed or blocked because of it."""

    secrets: list[FoundOut] = Field(description="Tokens, private keys, card numbers, passwords.")
    suspicious: list[FoundOut] = Field(description="Signs that the text addresses a language model.")

    @classmethod
    def of(cls, memory: Memory) -> FindingsOut:
        """From what screening stored."""
        found = memory.findings if memory.has_secret or memory.is_suspicious else {}
        return cls(
            secrets=[FoundOut(kind=k, about=LABELS[k], start=a, end=b) for k, a, b in found.get("secrets", ())],
            suspicious=[FoundOut(kind=k, about=SIGNS[k], start=a, end=b) for k, a, b in found.get("signs", ())],
        )


class MemoryOut(BaseModel):
    """A memory."""

    id: UUID
    kind: KindName
    role: RoleName
    content: str = Field(description="Empty for a sealed memory, whose text the server does not have.")
    sealed: bool = Field(description="Its owner's client encrypted it: only who has the key can read `ciphertext`.")
    ciphertext: str | None = Field(description="An armoured age file; null unless sealed.")
    author: str
    source: str
    captured_by_id: UUID | None = Field(description="Who put it into a space; null for what is one's own.")
    external_id: str
    tags: list[str]
    metadata: dict[str, Any]
    language: str
    importance: float
    pinned: bool
    state: StateName
    persona: PersonaRef | None
    conversation: ConversationRefOut | None
    occurred_at: datetime
    created_at: datetime
    updated_at: datetime
    valid_from: datetime | None
    valid_to: datetime | None
    sightings: int = Field(description="How often exactly this was captured.")
    revision_count: int
    size_bytes: int
    index_state: Literal["pending", "done", "failed"] = Field(description="`pending`: found by its words only.")
    findings: FindingsOut

    @classmethod
    def of(cls, memory: Memory, *, mask_secrets: bool = False) -> MemoryOut:
        """From a row with its tags, persona and conversation loaded; with `mask_secrets`, secrets are dots."""
        plain = {name: getattr(memory, name) for name in cls.model_fields if name not in _PARTS}
        if mask_secrets:
            plain["content"] = dotted(memory.content)
        return cls(
            **plain,
            sealed=memory.is_sealed,
            ciphertext=memory.ciphertext if memory.is_sealed else None,
            findings=FindingsOut.of(memory),
            tags=sorted((tag.name for tag in memory.tags.all()), key=str.casefold),
            persona=persona_ref(memory),
            conversation=_conversation_ref(memory),
        )


_PARTS = ("tags", "persona", "conversation", "findings", "sealed", "ciphertext")


def persona_ref(row: Any) -> PersonaRef | None:
    """The persona of a memory, conversation or import."""
    return PersonaRef(id=row.persona.id, name=row.persona.name) if row.persona else None


def _conversation_ref(memory: Memory) -> ConversationRefOut | None:
    conversation = memory.conversation
    if conversation is None:
        return None
    return ConversationRefOut(id=conversation.id, title=conversation.title, source=conversation.source)


class MemoryPageOut(BaseModel):
    """A page of memories."""

    items: list[MemoryOut]
    next_cursor: str | None


class BatchIn(StrictModel):
    """Up to 1,000 memories; all are stored, or none."""

    memories: list[MemoryIn] = Field(min_length=1, max_length=settings.CAPTURE_BATCH_MAX)


class OutcomeOut(BaseModel):
    """What became of one memory of a request."""

    id: UUID
    created: bool = Field(description="False: it was there already, and counts one more sighting.")

    @classmethod
    def of(cls, outcome: Outcome) -> OutcomeOut:
        """From the service's outcome."""
        return cls(id=outcome.id, created=outcome.created)


class BatchOut(BaseModel):
    """What became of each memory, in the order of the request."""

    items: list[OutcomeOut]
    created: int


class MergeIn(StrictModel):
    """Which memory stays, and which ones it takes in."""

    keep_id: UUID
    other_ids: list[UUID] = Field(min_length=1, max_length=100)
    reason: Reason = ""


class BulkIn(StrictModel):
    """One action on many memories, on all or on none."""

    ids: list[UUID] = Field(min_length=1, max_length=1000)
    action: Literal["archive", "restore", "delete", "pin", "unpin"]
    reason: Reason = ""


class BulkOut(BaseModel):
    """How many memories the action was done to."""

    count: int


class ErasedOut(BaseModel):
    """How many memories are gone for good."""

    erased: int
