"""Webhooks: made, changed and removed, and what they are to be told, kept in the transaction in which it happens."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.audit import record
from accounts.models import User
from memories.models import ImportJob, Memory, MemoryRevision, Webhook, WebhookDelivery, WebhookEvent
from memshadow.lib import net
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, ValidationFailed
from memshadow.lib.jobs import wake

TASK = "memories.tasks.deliver_webhooks"
TEST = "webhook.test"
WEBHOOKS_MAX = 20
URL_MAX_CHARS = 1000
_SECRET_BYTES = 32
_BY_ACTION = {
    MemoryRevision.Action.DELETED: WebhookEvent.DELETED,
    MemoryRevision.Action.SUPERSEDED: WebhookEvent.SUPERSEDED,
}


def create_webhook(*, owner: User, url: str, events: Sequence[str]) -> Webhook:
    """A new webhook with a secret of its own, in the form of the Standard Webhooks specification (`whsec_…`).

    Raises ValidationFailed for an address that may not be asked, an unknown event, or one webhook too many.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # two at once must not pass the limit together
        if Webhook.objects.filter(owner=owner).count() >= WEBHOOKS_MAX:
            raise ValidationFailed(f"There are {WEBHOOKS_MAX} webhooks already; remove one first.", field="url")
        row = Webhook(owner=owner, events=_checked_events(events))
        row.url = checked_url(url)
        row.secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        row.save(force_insert=True)
        record("webhook.created", actor=owner, target=row, events=row.events)
    return row


def edit_webhook(
    *, webhook: Webhook, url: str | None = None, events: Sequence[str] | None = None, is_active: bool | None = None
) -> Webhook:
    """Change it; None leaves a part as it is. Switched on again, it is sent what waited. Raises as `create_webhook`."""
    if url is not None:
        webhook.url = checked_url(url)
    if events is not None:
        webhook.events = _checked_events(events)
    if is_active is not None:
        webhook.is_active = is_active
        webhook.failing_since = None if is_active else webhook.failing_since
    webhook.save(update_fields=["url_sealed", "events", "is_active", "failing_since"])
    record("webhook.changed", actor=webhook.owner, target=webhook, active=webhook.is_active)
    wake(TASK)
    return webhook


def delete_webhook(*, webhook: Webhook) -> None:
    """Forget it with its messages; what is under way may still arrive."""
    with transaction.atomic():
        record("webhook.deleted", actor=webhook.owner, target=webhook)
        webhook.delete()


def checked_url(text: str) -> str:
    """The address, once it is one that may be asked. Raises ValidationFailed with what would pass."""
    return net.checked_url(
        text,
        field="url",
        example="https://example.org/hook",
        why_tls="events would be readable on the way",
        max_chars=URL_MAX_CHARS,
    )


def _checked_events(events: Sequence[str]) -> list[str]:
    unknown = [name for name in events if name not in WebhookEvent.values]
    if unknown or not events:
        raise ValidationFailed(f"events are one or more of {', '.join(WebhookEvent.values)}.", field="events")
    return sorted(set(events))


def tell_of_new(owner_id: UUID, memories: Iterable[Memory]) -> None:
    """Note that memories were added."""
    _note(owner_id, WebhookEvent.CREATED, [_about(memory) for memory in memories])


def tell_of_revision(memory: Memory, action: str) -> None:
    """Note what became of a memory; called with its revision."""
    event = _BY_ACTION.get(MemoryRevision.Action(action), WebhookEvent.UPDATED)
    _note(memory.owner_id, event, [_about(memory) | {"action": action}])


def tell_of_import(job: ImportJob) -> None:
    """Note that an import ended. What it added is not told one by one."""
    counts = {name: getattr(job, name) for name in ("imported", "updated", "duplicates")}
    _note(job.owner_id, WebhookEvent.IMPORT_FINISHED, [{"import_id": str(job.id), "state": job.state, **counts}])


def tell_of_enrichment(*, owner_id: UUID, job_id: UUID, done: int, failed: int) -> None:
    """Note that what was asked of enrichment is done."""
    _note(owner_id, WebhookEvent.ENRICHMENT_FINISHED, [{"job_id": str(job_id), "done": done, "failed": failed}])


def send_test(*, webhook: Webhook) -> WebhookDelivery:
    """A message that says nothing, to see whether it arrives. Raises Conflict when the webhook is switched off."""
    if not webhook.is_active:
        raise Conflict("This webhook is switched off; switch it on first.")
    made = WebhookDelivery.objects.create(owner_id=webhook.owner_id, webhook=webhook, event=TEST)
    wake(TASK)
    return made


def replay(*, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send a message again, under the same id, so that a receiver that has it already can tell."""
    delivery.state, delivery.attempts, delivery.due_at = WebhookDelivery.State.PENDING, 0, now()
    delivery.ended_at, delivery.status, delivery.trouble = None, None, ""
    delivery.save()
    wake(TASK)
    return delivery


def _about(memory: Memory) -> dict[str, Any]:
    return {"memory_id": str(memory.id), "kind": memory.kind, "source": memory.source}


def _note(owner_id: UUID, event: str, about: Sequence[Mapping[str, Any]]) -> None:
    if not about:
        return
    wanting = Webhook.objects.filter(owner_id=owner_id, events__contains=[event], is_active=True)
    ids = list(wanting.values_list("id", flat=True))
    if not ids:
        return
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(owner_id=owner_id, webhook_id=key, event=event, data=dict(one)) for key in ids for one in about
    )
    wake(TASK)
