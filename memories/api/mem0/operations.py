"""mem0's operations: without a prefix as its self-hosted server has them, and under v1 to v3 as its platform does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from accounts.models import User
from accounts.scopes import ApiRequest, RequiredScope, scope
from memories import asking, selectors
from memories.access import memory_or_404
from memories.api.mem0.shapes import ENTITIES, AddIn, Scoped, SearchIn, UpdateIn, history, item
from memories.api.parameters import by
from memories.filters import MemoryFilter, filtered
from memories.models import Verdict
from memories.retrieval import SearchRequest
from memories.services import lifecycle, revising
from memories.services.feedback import give_feedback, log_retrieval
from memories.services.idempotency import capture_once
from memories.services.revising import Change
from memshadow.lib.errors import NotFound, ValidationFailed

router = Router(tags=["mem0"])

Answer = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])
EntityType = Literal["user", "agent", "app", "run"]
_BATCH = 1000
_TOP_K = 10


def _at(methods: str, *paths: str, needs: RequiredScope) -> Callable[[F], F]:
    """One operation at several addresses."""

    def add(function: F) -> F:
        for path in paths:
            router.add_api_operation(path, methods.split(), function, auth=needs)
        return function

    return add


class PageQuery(Scoped):
    """Whose, and which page."""

    page: int = Field(default=1, ge=1)
    page_size: int = Field(default=100, ge=1, le=200)


class BatchIn(BaseModel):
    """Up to 1,000 memories."""

    model_config = ConfigDict(extra="ignore")

    class One(UpdateIn):
        """A memory, and what to change of it."""

        memory_id: UUID

    memories: list[One] = Field(min_length=1, max_length=_BATCH)


class FeedbackIn(BaseModel):
    """A verdict on a memory."""

    model_config = ConfigDict(extra="ignore")

    memory_id: UUID
    feedback: Literal["POSITIVE", "NEGATIVE", "VERY_NEGATIVE"]


@_at("GET", "v1/ping/", needs=scope("any"))
def mem0_ping(request: ApiRequest) -> Answer:
    """Whether the key works, and whose it is. The client does not start without an organisation and a project."""
    return {"status": "ok", "org_id": "memshadow", "project_id": "memshadow", "user_email": request.auth.person.email}


@_at("POST", "memories", "v1/memories/", "v3/memories/add/", needs=scope("memories:write"))
def mem0_add(request: ApiRequest, body: AddIn) -> Answer:
    """Store messages word for word; nothing is inferred from them here."""
    drafts = body.drafts()
    outcomes = capture_once(owner=request.auth.owner, drafts=drafts, key=None)
    pairs = zip(drafts, outcomes, strict=True)
    results = [
        {"id": str(one.id), "memory": draft.content, "event": "ADD" if one.created else "NONE"} for draft, one in pairs
    ]
    return {"results": results}


@_at("GET", "memories", "v1/memories/", needs=scope("memories:read"))
def mem0_list(request: ApiRequest, query: Annotated[PageQuery, Query(...)]) -> Answer:
    """List memories, newest first."""
    return _page(request.auth.owner, query.wanted(), query.page, query.page_size)


class PageNumber(BaseModel):
    """Which page."""

    page: int = Field(default=1, ge=1)
    page_size: int = Field(default=100, ge=1, le=200)


@_at("POST", "v2/memories/", "v3/memories/", needs=scope("memories:read"))
def mem0_list_filtered(request: ApiRequest, body: Scoped, query: Annotated[PageNumber, Query(...)]) -> Answer:
    """List memories that pass a filter, newest first."""
    return _page(request.auth.owner, body.wanted(), query.page, query.page_size)


def _page(owner: User, wanted: MemoryFilter, number: int, size: int) -> Answer:
    rows = filtered(owner, wanted).filter(is_sealed=False)  # its clients put texts into prompts
    count, start = rows.count(), (number - 1) * size
    found = selectors.with_parts(rows).order_by("-created_at", "-id")[start : start + size]
    following = str(number + 1) if start + size < count else None
    previous = str(number - 1) if number > 1 else None
    return {"count": count, "next": following, "previous": previous, "results": [item(one) for one in found]}


@_at(
    "POST", "search", "v1/memories/search/", "v2/memories/search/", "v3/memories/search/", needs=scope("memories:read")
)
def mem0_search(request: ApiRequest, body: SearchIn) -> Answer:
    """Find the memories that answer a question."""
    asked = SearchRequest(
        owner=request.auth.owner,
        query=body.query,
        wanted=body.wanted(),
        limit=body.top_k or body.limit or _TOP_K,
        threshold=body.threshold or 0.0,
    )
    result = asking.ask(asked, plain=True).result
    log_retrieval(owner=request.auth.owner, request=asked, result=result, via="api")
    return {"results": [item(hit.memory, round(hit.score, 4)) for hit in result.hits]}


@_at("GET", "memories/{uuid:memory_id}", "v1/memories/{uuid:memory_id}/", needs=scope("memories:read"))
def mem0_get(request: ApiRequest, memory_id: UUID) -> Answer:
    """Read one memory."""
    return item(memory_or_404(request.auth.owner, memory_id))


@_at("PUT", "memories/{uuid:memory_id}", "v1/memories/{uuid:memory_id}/", needs=scope("memories:write"))
def mem0_update(request: ApiRequest, memory_id: UUID, body: UpdateIn) -> Answer:
    """Change one memory's text or metadata; what it was stays in its history."""
    _change(request, memory_id, body)
    return item(memory_or_404(request.auth.owner, memory_id))


def _change(request: ApiRequest, memory_id: UUID, body: UpdateIn) -> None:
    if body.content is None and body.metadata is None:
        raise ValidationFailed("Give text or metadata.", field="text")
    change = Change(content=body.content, metadata=body.metadata)
    revising.edit_memory(owner=request.auth.owner, memory_id=memory_id, change=change, by=by(request))


@_at("DELETE", "memories/{uuid:memory_id}", "v1/memories/{uuid:memory_id}/", needs=scope("memories:delete"))
def mem0_delete(request: ApiRequest, memory_id: UUID) -> Answer:
    """Move one memory to the trash."""
    lifecycle.delete_memory(owner=request.auth.owner, memory_id=memory_id, by=by(request))
    return {"message": "Memory deleted successfully!"}


@_at("DELETE", "memories", "v1/memories/", needs=scope("memories:delete"))
def mem0_delete_all(request: ApiRequest, query: Annotated[Scoped, Query(...)]) -> Answer:
    """Move all memories of a user, agent, app or run to the trash; never simply all."""
    if not query.named():
        raise ValidationFailed("Say whose: user_id, agent_id, app_id or run_id.", field="user_id", location="query")
    _delete(request, query.wanted())
    return {"message": "Memories deleted successfully!"}


def _delete(request: ApiRequest, wanted: MemoryFilter) -> int:
    owner, deleted = request.auth.owner, 0
    while ids := list(filtered(owner, wanted).values_list("id", flat=True)[:_BATCH]):
        deleted += lifecycle.apply_to_many(owner=owner, memory_ids=ids, action="delete", by=by(request))
    return deleted


@_at("GET", "memories/{uuid:memory_id}/history", "v1/memories/{uuid:memory_id}/history/", needs=scope("memories:read"))
def mem0_history(request: ApiRequest, memory_id: UUID) -> list[Answer]:
    """Tell what became of one memory."""
    memory = memory_or_404(request.auth.owner, memory_id)
    return history(memory, list(selectors.revisions_of(memory)[:_BATCH]))


@_at("PUT", "v1/batch/", needs=scope("memories:write"))
def mem0_update_batch(request: ApiRequest, body: BatchIn) -> Answer:
    """Change many memories, one after the other."""
    for one in body.memories:
        _change(request, one.memory_id, one)
    return {"message": f"Successfully updated {len(body.memories)} memories"}


@_at("DELETE", "v1/batch/", needs=scope("memories:delete"))
def mem0_delete_batch(request: ApiRequest, body: BatchIn) -> Answer:
    """Move many memories to the trash, all or none."""
    ids = [one.memory_id for one in body.memories]
    count = lifecycle.apply_to_many(owner=request.auth.owner, memory_ids=ids, action="delete", by=by(request))
    return {"message": f"Successfully deleted {count} memories"}


@_at("GET", "v1/entities/", needs=scope("memories:read"))
def mem0_entities(request: ApiRequest) -> Answer:
    """List the users, agents, apps and runs that memories belong to."""
    kinds = tuple(ENTITIES.values())
    results = []
    for tag in selectors.tags_for(request.auth.owner):
        kind, _, name = tag.name.partition(":")
        count = int(getattr(tag, "memory_count", 0))
        if kind in kinds and name and count:
            results.append({"id": str(tag.id), "name": name, "type": kind, "total_memories": count})
    return {"count": len(results), "results": results}


@_at("DELETE", "v2/entities/{entity_type}/{path:entity_name}/", needs=scope("memories:delete"))
def mem0_delete_entity(request: ApiRequest, entity_type: EntityType, entity_name: str) -> Answer:
    """Move all memories of one user, agent, app or run to the trash."""
    if not _delete(request, MemoryFilter(tags_all=(f"{entity_type}:{entity_name}",))):
        raise NotFound("No memory of yours belongs to this one.")
    return {"message": "Entity deleted successfully!"}


@_at("POST", "v1/feedback/", needs=scope("memories:write"))
def mem0_feedback(request: ApiRequest, body: FeedbackIn) -> Answer:
    """Judge a memory."""
    verdict = Verdict.USEFUL if body.feedback == "POSITIVE" else Verdict.NOT_USEFUL
    given = give_feedback(owner=request.auth.owner, memory_id=body.memory_id, verdict=verdict, via="api")
    return {"id": str(given.id), "feedback": body.feedback}
