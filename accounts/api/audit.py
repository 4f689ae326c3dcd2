"""The JSON API of the audit trail: all of it for managers, one's own part for others."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import Path, Router
from pydantic import BaseModel, Field

from accounts.audit import record
from accounts.audit.exporting import CONTENT_TYPES, exported
from accounts.audit.selectors import AuditFilter, narrowed, visible_to
from accounts.models import AuditEvent
from accounts.scopes import ApiRequest, scope
from memshadow.lib.paging import paginate
from memshadow.lib.strict import Moment, PageQuery, StrictModel, StrictQuery

router = Router(tags=["Audit trail"])

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_DOCUMENTED = {
    "responses": {200: {"description": "The file.", "content": {"text/csv": _BINARY, "application/x-ndjson": _BINARY}}}
}


class AuditFilterIn(StrictModel):
    """What to look for."""

    person: str = Field(default="", max_length=254, description="An e-mail address or a person's id.")
    action: str = Field(default="", max_length=60, description="`account.signed_in`, or `account` for all of them.")
    result: Literal["", "ok", "refused", "failed"] = ""
    address: str = Field(default="", max_length=60, description="An IP address.")
    object: str = Field(default="", max_length=64, description="An id, or a type such as `accounts.apikey`.")
    request_id: str = Field(default="", max_length=64, description="The X-Request-ID of an answer.")
    after: Moment | None = Field(default=None, description="At this time or later.")
    before: Moment | None = Field(default=None, description="Before this time.")

    def wanted(self) -> AuditFilter:
        """As the selectors take it."""
        return AuditFilter(**{name: getattr(self, name) for name in AuditFilterIn.model_fields})


class AuditQuery(AuditFilterIn, PageQuery):
    """A page of what was looked for."""


class AuditEventOut(BaseModel):
    """An entry."""

    id: UUID
    position: int | None = Field(description="Its place in the chain.")
    at: datetime
    actor_id: UUID | None = Field(description="Null when nobody was signed in, or the server did it.")
    actor: str | None = Field(description="The e-mail address; null also for an account that is gone.")
    action: str
    result: Literal["ok", "refused", "failed"]
    object_type: str
    object_id: str
    address: str | None
    agent: str
    request_id: str
    details: dict[str, Any]

    @classmethod
    def of(cls, event: AuditEvent) -> AuditEventOut:
        """From a row."""
        same = ("id", "position", "actor_id", "action", "result", "object_type", "object_id", "address", "agent")
        actor = event.actor if event.actor_id else None
        return cls(
            **{name: getattr(event, name) for name in (*same, "request_id", "details")},
            at=event.created_at,
            actor=actor.email if actor else None,
        )


class AuditPageOut(BaseModel):
    """A page of entries."""

    items: list[AuditEventOut]
    next_cursor: str | None


@router.get("/audit", auth=scope("account"), response=AuditPageOut)
def list_audit_events(request: ApiRequest, query: Annotated[AuditQuery, StrictQuery(...)]) -> AuditPageOut:
    """List the audit trail, newest first: all of it for managers, one's own part for others."""
    rows = narrowed(visible_to(request.auth.person), query.wanted())
    page = paginate(rows, cursor=query.cursor, limit=query.limit)
    return AuditPageOut(items=[AuditEventOut.of(event) for event in page.items], next_cursor=page.next_cursor)


@router.get("/audit/export/{format}", auth=scope("account"), openapi_extra=_DOCUMENTED)
def export_audit_events(
    request: ApiRequest,
    format: Annotated[Literal["csv", "jsonl"], Path(..., description="A line an entry.")],
    query: Annotated[AuditFilterIn, StrictQuery(...)],
) -> StreamingHttpResponse:
    """Download the audit trail, oldest entry first, with the links of the chain."""
    rows = narrowed(visible_to(request.auth.person), query.wanted())
    record("audit.exported", actor=request.auth.person, format=format, part="api")
    response = StreamingHttpResponse(exported(rows, format), content_type=CONTENT_TYPES[format])
    response["Content-Disposition"] = content_disposition_header(True, f"memshadow-audit.{format}") or "attachment"
    response["Cache-Control"] = "no-store"
    return response
