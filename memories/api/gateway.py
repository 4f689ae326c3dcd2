"""The gateway: servers of language models, limits, and what was used."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field, StringConstraints

from accounts.scopes import ApiRequest, scope
from memories.access import upstream_or_404
from memories.gateway import upstreams as services
from memories.gateway.trying import models_of
from memories.models import GatewayUpstream
from memshadow.lib.errors import Unavailable
from memshadow.lib.paging import paginate
from memshadow.lib.strict import NOT_GIVEN, Flag, PageQuery, StrictModel, StrictQuery

router = Router(tags=["Gateway"])

ProviderName = Literal["openai", "anthropic", "google"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=services.NAME_MAX_CHARS)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=services.URL_MAX_CHARS)]
Key = Annotated[str, StringConstraints(max_length=services.KEY_MAX_CHARS)]


class UpstreamIn(StrictModel):
    """A server of language models."""

    name: Name = Field(examples=["Work"])
    provider: ProviderName = Field(description="Whose API it speaks; openai for those that are compatible with it.")
    base_url: Url = Field(examples=["https://api.openai.com/v1"])
    api_key: Key = Field(default="", description="Stored encrypted; no answer holds it.")
    is_default: Flag = Field(default=False, description="The first server of a provider is its default anyway.")


class UpstreamPatch(StrictModel):
    """What to change; parts left out stay. Another host needs its key again."""

    name: Name = Field(default=NOT_GIVEN)
    base_url: Url = Field(default=NOT_GIVEN)
    api_key: Key = Field(default=NOT_GIVEN)
    is_default: Flag = Field(default=NOT_GIVEN)


class UpstreamOut(BaseModel):
    """A server of language models, without its key."""

    id: UUID
    name: str
    provider: ProviderName
    base_url: str
    has_key: bool
    key_ending: str = Field(description="The last four characters of the key, when it is long enough to spare them.")
    is_default: bool = Field(description="It is asked when a client names no other of this provider.")
    created_at: datetime

    @classmethod
    def of(cls, row: GatewayUpstream) -> UpstreamOut:
        """From the row."""
        return cls(
            id=row.id,
            name=row.name,
            provider=cast(ProviderName, row.provider),
            base_url=row.base_url,
            has_key=bool(row.api_key),
            key_ending=row.key_ending,
            is_default=row.is_default,
            created_at=row.created_at,
        )


class UpstreamPageOut(BaseModel):
    """A page of servers."""

    items: list[UpstreamOut]
    next_cursor: str | None


class TriedOut(BaseModel):
    """Whether a server answers, and what it says that it has."""

    works: bool
    models: list[str]
    trouble: str = Field(description="What is wrong and what to do; empty when it works.")


@router.get("/gateway/upstreams", auth=scope("account"), response=UpstreamPageOut)
def list_upstreams(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> UpstreamPageOut:
    """List the servers of language models, newest first."""
    page = paginate(GatewayUpstream.objects.filter(owner=request.auth.person), cursor=query.cursor, limit=query.limit)
    return UpstreamPageOut(items=[UpstreamOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/gateway/upstreams", auth=scope("account"), response={201: UpstreamOut})
def add_upstream(request: ApiRequest, upstream: UpstreamIn) -> Status[UpstreamOut]:
    """Name a server, so that a client needs only a key of this one."""
    return Status(201, UpstreamOut.of(services.add_upstream(owner=request.auth.person, **upstream.model_dump())))


@router.get("/gateway/upstreams/{uuid:upstream_id}", auth=scope("account"), response=UpstreamOut)
def get_upstream(request: ApiRequest, upstream_id: UUID) -> UpstreamOut:
    """Read one server."""
    return UpstreamOut.of(upstream_or_404(request.auth.person, upstream_id))


@router.patch("/gateway/upstreams/{uuid:upstream_id}", auth=scope("account"), response=UpstreamOut)
def edit_upstream(request: ApiRequest, upstream_id: UUID, patch: UpstreamPatch) -> UpstreamOut:
    """Change a server, or make it its provider's default."""
    row = upstream_or_404(request.auth.person, upstream_id)
    return UpstreamOut.of(services.edit_upstream(upstream=row, **patch.model_dump(exclude_unset=True)))


@router.delete("/gateway/upstreams/{uuid:upstream_id}", auth=scope("account"), response={204: None})
def remove_upstream(request: ApiRequest, upstream_id: UUID) -> Status[None]:
    """Forget a server with its key."""
    services.remove_upstream(upstream=upstream_or_404(request.auth.person, upstream_id))
    return Status(204, None)


@router.post("/gateway/upstreams/{uuid:upstream_id}/test", auth=scope("account"), response=TriedOut)
def try_upstream(request: ApiRequest, upstream_id: UUID) -> TriedOut:
    """Ask a server for its models."""
    row = upstream_or_404(request.auth.person, upstream_id)
    try:
        return TriedOut(works=True, models=models_of(row), trouble="")
    except Unavailable as error:
        return TriedOut(works=False, models=[], trouble=error.message)
