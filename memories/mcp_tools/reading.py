"""Tools that read: search, one memory, lists of memories, and who and what is known."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from accounts.agents import Caller, Tool
from memories import asking, selectors
from memories.access import conversation_or_404, memory_or_404
from memories.filters import MemoryFilter
from memories.mcp_tools.naming import persona_named
from memories.mcp_tools.shown import EXCERPT_CHARS, Found, MemoryShown, found, shown
from memories.models import State
from memories.people import people_for
from memories.retrieval import SearchRequest
from memories.schemas import KindName, TagName
from memories.services.feedback import log_retrieval
from memshadow.lib.strict import Moment, StrictModel
from personas.selectors import memory_counts, personas_for

Question = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
EntityType = Literal["person", "persona", "tag"]


class Which(StrictModel):
    """Which memories."""

    kinds: list[KindName] = Field(default=[], max_length=6, description="Only these kinds; all when empty.")
    tags: list[TagName] = Field(default=[], max_length=50, description="Only memories that carry any of these tags.")
    persona: str = Field(default="", max_length=200, description="Only those of this persona: its name or id.")
    conversation_id: UUID | None = Field(default=None, description="Only the turns of this conversation.")
    after: Moment | None = Field(default=None, description="Occurred at this moment or later.")
    before: Moment | None = Field(default=None, description="Occurred earlier than this moment.")
    include_superseded: bool = Field(default=False, description="Also what was archived or replaced by newer facts.")

    def wanted(self, caller: Caller) -> MemoryFilter:
        """As search takes it. Raises NotFound for a persona or conversation that is not the owner's."""
        if self.conversation_id is not None:
            conversation_or_404(caller.owner, self.conversation_id)
        kept = (State.ACTIVE.value, State.ARCHIVED.value, State.SUPERSEDED.value)
        return MemoryFilter(
            kinds=tuple(self.kinds),
            tags_any=tuple(self.tags),
            persona_id=persona_named(caller.owner, self.persona),
            conversation_id=self.conversation_id,
            after=self.after,
            before=self.before,
            states=kept if self.include_superseded else kept[:1],
        )


class SearchIn(Which):
    """A question."""

    query: Question = Field(description="What to look for, in plain words; a whole question works best.")
    limit: int = Field(default=10, ge=1, le=50)


class SearchOut(BaseModel):
    """The memories that answer, best first."""

    items: list[Found]
    understood: list[str] = Field(description="How the question was read.")
    note: str = Field(description="What the result means when it is empty or cut short; else empty.")


class GetIn(StrictModel):
    """Which memory, and from where."""

    memory_id: UUID
    offset: int = Field(default=0, ge=0, description="`next_offset` of the part before, for a long text.")


class ListIn(Which):
    """A page of memories."""

    cursor: str | None = Field(default=None, max_length=200, description="`next_cursor` of the page before.")
    limit: int = Field(default=20, ge=1, le=100)


class ListOut(BaseModel):
    """A page of memories, newest first."""

    items: list[MemoryShown]
    next_cursor: str | None


class EntitiesIn(StrictModel):
    """Which names."""

    type: EntityType | None = Field(default=None, description="Only people, personas or tags; all three when left out.")
    contains: str = Field(default="", max_length=200, description="Only names with this in them.")
    limit: int = Field(default=100, ge=1, le=500)


class Entity(BaseModel):
    """Somebody or something that memories name."""

    type: EntityType
    name: str
    memories: int | None = Field(description="How many memories it has; null where that is not counted.")
    id: UUID | None = Field(description="Of a persona or tag.")


class EntitiesOut(BaseModel):
    """Who and what is known."""

    items: list[Entity]
    more: int = Field(description="How many more there are than `limit`.")
    note: str


def search_memories(caller: Caller, asked: SearchIn) -> SearchOut:
    """Search by meaning and words; the question is noted, so that feedback can be given in the dashboard."""
    request = SearchRequest(owner=caller.owner, query=asked.query, wanted=asked.wanted(caller), limit=asked.limit)
    answer = asking.ask(request, plain=True)
    log_retrieval(owner=caller.owner, request=request, result=answer.result, via="mcp")
    items = [found(hit) for hit in answer.result.hits]
    return SearchOut(items=items, understood=list(answer.result.understood), note=_note(items))


def _note(items: list[Found]) -> str:
    if not items:
        return "Nothing is known that answers this."
    if any(item.next_offset for item in items):
        return f"Long texts are cut to {EXCERPT_CHARS} characters; get_memory reads the rest."
    return ""


def get_memory(caller: Caller, asked: GetIn) -> MemoryShown:
    """One memory, in whatever state."""
    return shown(memory_or_404(caller.owner, asked.memory_id), offset=asked.offset)


def get_memories(caller: Caller, asked: ListIn) -> ListOut:
    """A page, newest first."""
    page = selectors.memory_page(caller.owner, asked.wanted(caller), cursor=asked.cursor, limit=asked.limit)
    items = [shown(memory, limit_chars=EXCERPT_CHARS) for memory in page.items]
    return ListOut(items=items, next_cursor=page.next_cursor)


def list_entities(caller: Caller, asked: EntitiesIn) -> EntitiesOut:
    """People, personas and tags; the most used first."""
    named = [one for one in _entities(caller, asked.type) if asked.contains.casefold() in one.name.casefold()]
    named.sort(key=lambda one: (-(one.memories or 0), one.name.casefold()))
    note = "People are those who said or wrote something; whom memories only talk about is not listed."
    return EntitiesOut(items=named[: asked.limit], more=max(0, len(named) - asked.limit), note=note)


def _entities(caller: Caller, only: str | None) -> list[Entity]:
    owner, known = caller.owner, list[Entity]()
    if only in (None, "person"):
        known += [Entity(type="person", name=name, memories=None, id=None) for name in people_for(owner)]
    if only in (None, "persona"):
        counts = memory_counts(owner)
        known += [
            Entity(type="persona", name=p.name, memories=counts.get(p.id, 0), id=p.id) for p in personas_for(owner)
        ]
    if only in (None, "tag"):
        tags = selectors.tags_for(owner)
        known += [Entity(type="tag", name=t.name, memories=_count(t), id=t.id) for t in tags]
    return known


def _count(tag: object) -> int:
    return int(getattr(tag, "memory_count", 0))


def moment(at: datetime) -> str:
    """A moment as texts for models write it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


TOOLS = (
    Tool(
        name="search_memories",
        title="Search memories",
        about="Search what this person has said, written and been told, in all their conversations and notes, by "
        "meaning and by words. Use it whenever the answer may depend on who they are, what they prefer, decided, "
        "own or have told a model before.",
        permission="memories:read",
        takes=SearchIn,
        gives=SearchOut,
        run=search_memories,
    ),
    Tool(
        name="get_memory",
        title="Read a memory",
        about="Read one memory in full by its id, in parts of 20,000 characters.",
        permission="memories:read",
        takes=GetIn,
        gives=MemoryShown,
        run=get_memory,
    ),
    Tool(
        name="get_memories",
        title="List memories",
        about="List memories newest first, filtered by kind, tag, persona, conversation and time. To find something, "
        "use search_memories.",
        permission="memories:read",
        takes=ListIn,
        gives=ListOut,
        run=get_memories,
    ),
    Tool(
        name="list_entities",
        title="List people, personas and tags",
        about="List the people who took part in conversations, the personas (parts of this person's life) and the "
        "tags that memories carry.",
        permission="memories:read",
        takes=EntitiesIn,
        gives=EntitiesOut,
        run=list_entities,
    ),
)
