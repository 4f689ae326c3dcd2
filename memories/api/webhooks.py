"""Webhooks: who is told of what, what was sent, and sending it again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field, StringConstraints

from accounts.scopes import ApiRequest, scope
from memories.access import delivery_or_404, webhook_or_404
from memories.models import Webhook, WebhookDelivery
from memories.services import webhooks as services
from memshadow.lib.paging import paginate
from memshadow.lib.strict import NOT_GIVEN, Flag, PageQuery, StrictModel, StrictQuery

router = Router(tags=["Webhooks"])

EventName = Literal[
    "memory.created", "memory.updated", "memory.superseded", "memory.deleted", "import.finished", "enrichment.finished"
]
Url = Annotated[str, StringConstraints(min_length=1, max_length=services.URL_MAX_CHARS)]
Events = Annotated[list[EventName], Field(min_length=1, max_length=10)]


class WebhookIn(StrictModel):
    """Whom to tell of what."""

    url: Url = Field(examples=["https://example.org/hooks/memshadow"])
    events: Events


class WebhookPatch(StrictModel):
    """What to change; parts left out stay."""

    url: Url = Field(default=NOT_GIVEN)
    events: Events = Field(default=NOT_GIVEN)
    is_active: Flag = Field(default=NOT_GIVEN, description="Switched on again, it is sent what waited.")


class WebhookOut(BaseModel):
    """A webhook."""

    id: UUID
    url: str
    events: list[str]
    is_active: bool
    created_at: datetime
    failing_since: datetime | None = Field(description="Since when nothing arrives; null while messages arrive.")

    @classmethod
    def of(cls, row: Webhook) -> WebhookOut:
        """From the row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields if name != "secret"})


class NewWebhookOut(WebhookOut):
    """A new webhook, with the secret that signs what it is sent; no later answer holds it."""

    secret: str = Field(default="")


class WebhookPageOut(BaseModel):
    """A page of webhooks."""

    items: list[WebhookOut]
    next_cursor: str | None


class DeliveryOut(BaseModel):
    """One message, and how it fared."""

    id: UUID = Field(description="Also the header `webhook-id`, the same at each attempt.")
    webhook_id: UUID
    event: str
    data: dict[str, Any]
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    due_at: datetime = Field(description="When it is tried next, while it is pending.")
    created_at: datetime
    ended_at: datetime | None
    status: int | None = Field(description="The HTTP status that came back last.")
    trouble: str = Field(description="Why it did not arrive, or empty.")

    @classmethod
    def of(cls, row: WebhookDelivery) -> DeliveryOut:
        """From the row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class DeliveryPageOut(BaseModel):
    """A page of messages."""

    items: list[DeliveryOut]
    next_cursor: str | None


@router.get("/webhooks", auth=scope("account"), response=WebhookPageOut)
def list_webhooks(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> WebhookPageOut:
    """List webhooks, newest first."""
    page = paginate(Webhook.objects.filter(owner=request.auth.person), cursor=query.cursor, limit=query.limit)
    return WebhookPageOut(items=[WebhookOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/webhooks", auth=scope("account"), response={201: NewWebhookOut})
def create_webhook(request: ApiRequest, webhook: WebhookIn) -> Status[NewWebhookOut]:
    """Have an address told of events. The secret that signs them is in this answer and in no other."""
    row = services.create_webhook(owner=request.auth.person, url=webhook.url, events=webhook.events)
    return Status(201, NewWebhookOut(**WebhookOut.of(row).model_dump(), secret=row.secret))


@router.get("/webhooks/{uuid:webhook_id}", auth=scope("account"), response=WebhookOut)
def get_webhook(request: ApiRequest, webhook_id: UUID) -> WebhookOut:
    """Read one webhook."""
    return WebhookOut.of(webhook_or_404(request.auth.person, webhook_id))


@router.patch("/webhooks/{uuid:webhook_id}", auth=scope("account"), response=WebhookOut)
def edit_webhook(request: ApiRequest, webhook_id: UUID, patch: WebhookPatch) -> WebhookOut:
    """Change a webhook, or switch it off and on."""
    row = webhook_or_404(request.auth.person, webhook_id)
    return WebhookOut.of(services.edit_webhook(webhook=row, **patch.model_dump(exclude_unset=True)))


@router.delete("/webhooks/{uuid:webhook_id}", auth=scope("account"), response={204: None})
def delete_webhook(request: ApiRequest, webhook_id: UUID) -> Status[None]:
    """Remove a webhook with its messages."""
    services.delete_webhook(webhook=webhook_or_404(request.auth.person, webhook_id))
    return Status(204, None)


@router.post("/webhooks/{uuid:webhook_id}/test", auth=scope("account"), response={202: DeliveryOut})
def send_webhook_test(request: ApiRequest, webhook_id: UUID) -> Status[DeliveryOut]:
    """Send a message that says nothing."""
    row = webhook_or_404(request.auth.person, webhook_id)
    return Status(202, DeliveryOut.of(services.send_test(webhook=row)))


@router.get("/webhooks/{uuid:webhook_id}/deliveries", auth=scope("account"), response=DeliveryPageOut)
def list_deliveries(
    request: ApiRequest, webhook_id: UUID, query: Annotated[PageQuery, StrictQuery(...)]
) -> DeliveryPageOut:
    """List what a webhook was sent or is to be sent, newest first; ended messages are kept for 30 days."""
    rows = webhook_or_404(request.auth.person, webhook_id).deliveries.all()
    page = paginate(rows, cursor=query.cursor, limit=query.limit)
    return DeliveryPageOut(items=[DeliveryOut.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/webhook-deliveries/{uuid:delivery_id}/replay", auth=scope("account"), response={202: DeliveryOut})
def replay_delivery(request: ApiRequest, delivery_id: UUID) -> Status[DeliveryOut]:
    """Send a message again, under the same id."""
    row = services.replay(delivery=delivery_or_404(request.auth.person, delivery_id))
    return Status(202, DeliveryOut.of(row))
