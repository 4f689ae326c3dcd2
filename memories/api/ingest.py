"""The short names of the original design: ingest and retrieve."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field, ValidationError

from accounts.scopes import ApiRequest, scope
from memories.api.batch_errors import numbered
from memories.api.memories import IdempotencyKey
from memories.api.parameters import FilterIn
from memories.api.search import answer
from memories.api.search_schemas import Asking, Question, SearchOut
from memories.drafts import ConversationRef, MemoryDraft
from memories.schemas import MemoryIn, OutcomeOut, RoleName
from memories.services.idempotency import capture_once
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.strict import LIMIT_MAX, Moment, StrictModel, StrictQuery

router = Router(tags=["Short names"])


class MessageIn(StrictModel):
    """One message of a chat."""

    role: RoleName = "user"
    content: str = Field(min_length=1)
    author: str = Field(default="", max_length=200)
    created_at: Moment | None = None


class IngestIn(MemoryIn):
    """A memory as `content` or `text`, or a chat as `messages`; the other fields apply to each message."""

    content: str = Field(default="")
    text: str = Field(default="", description="The same as `content`.")
    messages: list[MessageIn] = Field(default=[], max_length=1000)

    def drafts(self) -> list[MemoryDraft]:
        """As capture takes them. Raises ValidationFailed unless exactly one of the three is given."""
        if sum(map(bool, (self.content, self.text, self.messages))) != 1:
            raise ValidationFailed("Send one of content, text and messages.", field="content")
        shared = self.draft()
        if not self.messages:
            return [replace(shared, content=self.content or self.text)]
        shared = replace(shared, kind="turn", external_id="", conversation=shared.conversation or self._chat())
        return [_turn(shared, message) for message in self.messages]

    def _chat(self) -> ConversationRef:
        """A conversation for messages that name none: the same messages are the same conversation."""
        parts = [message.model_dump(mode="json") for message in self.messages]
        return ConversationRef(external_id=hashlib.sha256(json.dumps(parts).encode()).hexdigest())


def _turn(shared: MemoryDraft, message: MessageIn) -> MemoryDraft:
    return replace(
        shared,
        content=message.content,
        role=message.role,
        author=message.author or shared.author,
        occurred_at=message.created_at or shared.occurred_at,
    )


class IngestOut(BaseModel):
    """What was stored: the first memory's id, and what became of each."""

    id: UUID
    created: bool
    items: list[OutcomeOut]


class RetrieveQuery(StrictModel):
    """A question in the words of the original design."""

    query: Question = Field(description="The question, in plain words.")
    limit: int = Field(default=10, ge=1, le=LIMIT_MAX)
    filters: str = Field(
        default="",
        max_length=4000,
        description='A JSON object such as {"kind": ["note"]}, or a list such as kind:note,tag:work.',
        examples=["kind:note,tag:work"],
    )


@router.post("/ingest", auth=scope("memories:write"), response={201: IngestOut, 200: IngestOut})
def ingest(request: ApiRequest, body: IngestIn, idempotency_key: IdempotencyKey) -> Status[IngestOut]:
    """Store a memory or a chat.

    Without a `conversation`, the same messages sent again are the same conversation; name one to let it grow.
    """
    with numbered("messages"):
        outcomes = capture_once(owner=request.auth.owner, drafts=body.drafts(), key=idempotency_key)
    items = [OutcomeOut.of(outcome) for outcome in outcomes]
    created = any(item.created for item in items)
    return Status(201 if created else 200, IngestOut(id=items[0].id, created=created, items=items))


@router.get("/retrieve", auth=scope("memories:read"), response=SearchOut)
def retrieve(request: ApiRequest, query: Annotated[RetrieveQuery, StrictQuery(...)]) -> SearchOut:
    """Find the memories that answer a question; `/search` can do more."""
    return answer(request.auth.owner, Asking(q=query.query, limit=query.limit, plain=True), _filter(query.filters))


def _filter(text: str) -> FilterIn:
    """The filter in the text. Raises ValidationFailed for another form and for names that are not known."""
    try:
        given = json.loads(text) if text.lstrip().startswith("{") else _listed(text)
        return FilterIn.model_validate({name: _as_list(name, value) for name, value in given.items()})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValidationFailed(f"{where} {first['msg']}".strip(), field="filters", location="query") from None
    except (ValueError, RecursionError):
        message = "filters is a JSON object, or a list such as kind:note,tag:work."
        raise ValidationFailed(message, field="filters", location="query") from None


def _listed(text: str) -> dict[str, list[str]]:
    """`kind:note,tag:work` (or with =); a name that comes again adds an alternative."""
    given: dict[str, list[str]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, value = re.split("[:=]", part, maxsplit=1)
        given.setdefault(name.strip(), []).append(value.strip())
    return given


def _as_list(name: str, value: Any) -> Any:
    """One value where a list is meant, and a list of one where a value is meant."""
    wants_list = name in FilterIn.model_fields and FilterIn.model_fields[name].default == []
    if wants_list:
        return value if isinstance(value, list) else [value]
    return value[0] if isinstance(value, list) and len(value) == 1 else value
