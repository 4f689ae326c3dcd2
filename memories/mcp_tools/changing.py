"""Tools that change: add, correct, and move to the trash."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from accounts.agents import Caller, Tool
from memories.access import memory_or_404
from memories.drafts import ConversationRef, MemoryDraft
from memories.mcp_tools.naming import persona_named
from memories.mcp_tools.shown import MemoryShown, shown
from memories.schemas import Importance, KindName, Reason, RoleName, Tags
from memories.screening import dotted
from memories.services import lifecycle, revising
from memories.services.idempotency import capture_once
from memories.services.revising import By, Change
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.strict import NOT_GIVEN, Flag, JsonObject, Moment, StrictModel

Content = Annotated[str, StringConstraints(min_length=1)]


class MessageIn(StrictModel):
    """One message of a chat."""

    role: RoleName = Field(default="user", description="Who spoke.")
    content: Content


class AddIn(StrictModel):
    """What to remember: `text`, or a chat as `messages`."""

    text: str = Field(
        default="",
        description="What to remember, as a sentence that is understood without this conversation: names in place of "
        "'he' or 'it', dates in place of 'tomorrow'.",
    )
    messages: list[MessageIn] = Field(default=[], max_length=200, description="A chat to keep word for word.")
    kind: KindName = Field(default="note", description="`fact` for something that holds; `note` for anything else.")
    tags: Tags = Field(default=[])
    persona: str = Field(default="", max_length=200, description="The persona that it belongs to: its name or id.")
    conversation: str = Field(
        default="", max_length=500, description="Any name of yours for this chat, so that its turns stay together."
    )
    title: str = Field(default="", max_length=300, description="What the conversation is called.")
    importance: Importance = Field(default=0.5)
    occurred_at: Moment | None = Field(default=None, description="When it happened; now when left out.")
    metadata: JsonObject = Field(default={})

    def drafts(self, caller: Caller) -> list[MemoryDraft]:
        """As capture takes them. Raises ValidationFailed unless there is either a text or messages."""
        if bool(self.text.strip()) == bool(self.messages):
            raise ValidationFailed("Give either text or messages.", field="text")
        persona = persona_named(caller.owner, self.persona)
        talk = self._conversation()
        said = [(m.role, m.content) for m in self.messages] or [("", self.text)]
        return [
            MemoryDraft(
                content=content,
                role=role,
                kind="turn" if self.messages else self.kind,
                source="mcp",
                conversation=talk,
                persona_id=persona,
                tags=tuple(self.tags),
                importance=self.importance,
                occurred_at=self.occurred_at,
                metadata=self.metadata,
            )
            for role, content in said
        ]

    def _conversation(self) -> ConversationRef | None:
        """A text alone needs none; the same messages under no name are the same conversation."""
        name = self.conversation.strip()
        if not name and self.messages:
            said = json.dumps([m.model_dump() for m in self.messages])
            name = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
        return ConversationRef(external_id=name, title=self.title) if name else None


class AddedOut(BaseModel):
    """What became of one text."""

    id: UUID
    created: bool = Field(description="False: exactly this was known already.")


class AddOut(BaseModel):
    """What was stored."""

    items: list[AddedOut]


class UpdateIn(StrictModel):
    """What to change of a memory; parts left out stay."""

    memory_id: UUID
    text: Content = Field(default=NOT_GIVEN, description="The new text, whole.")
    tags: Tags = Field(default=NOT_GIVEN, description="All tags that it carries from now on.")
    persona: str = Field(default=NOT_GIVEN, max_length=200, description="Its name or id; empty for none.")
    importance: Importance = Field(default=NOT_GIVEN)
    pinned: Flag = Field(default=NOT_GIVEN)
    occurred_at: Moment = Field(default=NOT_GIVEN)
    metadata: JsonObject = Field(default=NOT_GIVEN)
    reason: Reason = Field(default="", description="Why; kept with the memory's history.")

    def change(self, caller: Caller) -> Change:
        """As `edit_memory` takes it."""
        own = ("importance", "pinned", "occurred_at", "metadata")
        persona = persona_named(caller.owner, self.persona) if self.persona is not None else None
        return Change(
            **{name: getattr(self, name) for name in own},
            content=self.text,
            tags=None if self.tags is None else tuple(self.tags),
            persona_id=persona,
            clear_persona=self.persona is not None and persona is None,
        )


class DeleteIn(StrictModel):
    """Which memory, and why."""

    memory_id: UUID
    reason: Reason = Field(default="", description="Why; kept with the memory's history.")


class DeletedOut(BaseModel):
    """What became of it."""

    id: UUID
    state: str
    note: str


def add_memory(caller: Caller, asked: AddIn) -> AddOut:
    """Store a text or a chat; what is known already counts one more sighting."""
    outcomes = capture_once(owner=caller.owner, drafts=asked.drafts(caller), key=None)
    return AddOut(items=[AddedOut(id=outcome.id, created=outcome.created) for outcome in outcomes])


def update_memory(caller: Caller, asked: UpdateIn) -> MemoryShown:
    """Change it; what it was stays in its history."""
    owner, by = caller.owner, By(actor=caller.access.person, via="mcp", reason=asked.reason)
    if asked.text is not None:
        _refuse_masked(memory_or_404(owner, asked.memory_id).content, asked.text)
    revising.edit_memory(owner=owner, memory_id=asked.memory_id, change=asked.change(caller), by=by)
    return shown(memory_or_404(owner, asked.memory_id))


def _refuse_masked(before: str, after: str) -> None:
    """A secret that was shown as dots would be lost if the dots were written back."""
    hidden = dotted(before)
    if hidden != before and "••••" in after:
        message = (
            "This text has masked parts; writing the dots back would lose what they hide. Leave the text as it is."
        )
        raise ValidationFailed(message, field="text")


def delete_memory(caller: Caller, asked: DeleteIn) -> DeletedOut:
    """Move it to the trash."""
    by = By(actor=caller.access.person, via="mcp", reason=asked.reason)
    memory = lifecycle.delete_memory(owner=caller.owner, memory_id=asked.memory_id, by=by)
    note = "It is in the trash; its owner can restore it in the dashboard until the trash is emptied."
    return DeletedOut(id=memory.id, state=memory.state, note=note)


TOOLS = (
    Tool(
        name="add_memory",
        title="Remember something",
        about="Store something worth knowing in later conversations: a fact, preference, decision or plan of this "
        "person as `text`, or a chat word for word as `messages`. Do not store what a search just returned, nor "
        "passwords and other secrets.",
        permission="memories:write",
        takes=AddIn,
        gives=AddOut,
        run=add_memory,
        repeatable=True,
    ),
    Tool(
        name="update_memory",
        title="Correct a memory",
        about="Change a memory's text, tags, persona, importance, pin, time or metadata. What it was stays in its "
        "history and can be brought back.",
        permission="memories:write",
        takes=UpdateIn,
        gives=MemoryShown,
        run=update_memory,
        destroys=True,
        repeatable=True,
    ),
    Tool(
        name="delete_memory",
        title="Delete a memory",
        about="Move a memory to the trash, because it is wrong or the person wants it forgotten. They can restore it.",
        permission="memories:delete",
        takes=DeleteIn,
        gives=DeletedOut,
        run=delete_memory,
        destroys=True,
        repeatable=True,
    ),
)
