"""The two tools that ChatGPT's connectors and deep research look for, in exactly the shape that they expect."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from pydantic import BaseModel, Field

from accounts.agents import Caller, Tool
from memories import asking
from memories.access import memory_or_404
from memories.mcp_tools.reading import Question, moment
from memories.mcp_tools.shown import notes_on
from memories.models import Memory
from memories.retrieval import SearchRequest
from memories.screening import dotted
from memories.services.feedback import log_retrieval
from memshadow.lib.strict import StrictModel

_TITLE_CHARS = 80
_RESULTS = 10
_TEXT_CHARS = 100_000


class SearchIn(StrictModel):
    """A question."""

    query: Question = Field(description="What to look for, in plain words.")


class ResultOut(BaseModel):
    """A memory, as much as is needed to choose it."""

    id: str
    title: str
    url: str = Field(description="Where its owner can open it.")


class ResultsOut(BaseModel):
    """The memories that answer, best first."""

    results: list[ResultOut]


class FetchIn(StrictModel):
    """Which memory."""

    id: UUID = Field(description="An id that search returned.")


class DocumentOut(ResultOut):
    """A memory in full."""

    text: str
    metadata: dict[str, Any]


def search(caller: Caller, asked: SearchIn) -> ResultsOut:
    """Find memories by meaning and words."""
    request = SearchRequest(owner=caller.owner, query=asked.query, limit=_RESULTS)
    result = asking.ask(request, plain=True).result
    log_retrieval(owner=caller.owner, request=request, result=result, via="mcp")
    return ResultsOut(results=[ResultOut(**_card(caller, hit.memory, hit.snippet.start)) for hit in result.hits])


def fetch(caller: Caller, asked: FetchIn) -> DocumentOut:
    """Read one of them; a text of more than 100,000 characters is cut, and says so."""
    memory = memory_or_404(caller.owner, asked.id)
    size = len(memory.content)
    notes = [*notes_on(memory), *(["The text is cut; get_memory reads the rest."] if size > _TEXT_CHARS else [])]
    metadata = {
        "kind": memory.kind,
        "author": memory.author,
        "source": memory.source,
        "state": memory.state,
        "occurred_at": memory.occurred_at.isoformat(),
        "tags": ", ".join(sorted(tag.name for tag in memory.tags.all())),
        "notes": " ".join(notes),
    }
    text = dotted(memory.content, end=min(size, _TEXT_CHARS))
    return DocumentOut(**_card(caller, memory, 0), text=text, metadata={k: v for k, v in metadata.items() if v})


def _card(caller: Caller, memory: Memory, start: int) -> dict[str, Any]:
    begun = " ".join(
        dotted(memory.content, start=start, end=min(len(memory.content), start + 2 * _TITLE_CHARS)).split()
    )
    said = f"{memory.author}: {begun}" if memory.author else begun
    title = said if len(said) <= _TITLE_CHARS else said[: _TITLE_CHARS - 1].rstrip() + "…"
    link = caller.address + reverse("memories:detail", args=[memory.id])
    return {"id": str(memory.id), "title": f"{title} ({moment(memory.occurred_at)[:10]})", "url": link}


TOOLS = (
    Tool(
        name="search",
        title="Search (connectors)",
        about="Search this person's memories; returns ids, titles and links. For ChatGPT connectors and deep research; "
        "search_memories tells more.",
        permission="memories:read",
        takes=SearchIn,
        gives=ResultsOut,
        run=search,
    ),
    Tool(
        name="fetch",
        title="Fetch (connectors)",
        about="Read one memory in full, by an id that search returned.",
        permission="memories:read",
        takes=FetchIn,
        gives=DocumentOut,
        run=fetch,
    ),
)
