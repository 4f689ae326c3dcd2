"""Messages of webhooks on their way: claimed, signed, sent, and tried again with growing pauses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.audit import Result, record
from memories.models import Webhook, WebhookDelivery
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError
from memshadow.lib.net import guarded_client

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger(__name__)

PAUSES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 30, 2 * 60, 6 * 60, 12 * 60, 24 * 60))
GIVEN_UP_AFTER: Final = timedelta(days=5)  # of failures without one success, a webhook is switched off
KEPT: Final = timedelta(days=30)
_LEASE = timedelta(minutes=5)  # of a claim whose worker died
_WHILE_DOWN = timedelta(minutes=1)
_AT_ONCE = 10
_TIMEOUT_S = 10.0
_State = WebhookDelivery.State


def deliver_pending(*, for_s: float = 20.0) -> int:
    """Send what is due until nothing is or the time is over; returns how many messages arrived.

    A claim is a lease, so that a killed worker's messages are sent by the next one: each arrives at least once.
    """
    ends, arrived, down = time.monotonic() + for_s, 0, set[UUID]()
    with guarded_client() as client:
        while time.monotonic() < ends and (claimed := _claim()):
            for delivery in claimed:
                if delivery.webhook_id in down:
                    _put_off(delivery)
                elif _deliver(client, delivery):
                    arrived += 1
                else:
                    down.add(delivery.webhook_id)
    return arrived


def _claim() -> list[WebhookDelivery]:
    with transaction.atomic():
        due = WebhookDelivery.objects.filter(state=_State.PENDING, due_at__lte=now(), webhook__is_active=True)
        rows = list(
            due.select_related("webhook", "webhook__owner")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("due_at")[:_AT_ONCE]
        )
        claimed = WebhookDelivery.objects.filter(id__in=[row.id for row in rows])
        claimed.update(due_at=now() + _LEASE, attempts=F("attempts") + 1)
    for row in rows:
        row.attempts += 1
    return rows


def _put_off(delivery: WebhookDelivery) -> None:
    """The address did not answer a moment ago: this message waits, and that counts as no attempt."""
    waiting = WebhookDelivery.objects.filter(id=delivery.id, state=_State.PENDING)
    waiting.update(due_at=now() + _WHILE_DOWN, attempts=F("attempts") - 1)


def _deliver(client: httpx.Client, delivery: WebhookDelivery) -> bool:
    status, trouble = _sent(client, delivery)
    if trouble:
        _failed(delivery, status, trouble)
        return False
    row = WebhookDelivery.objects.filter(id=delivery.id)
    row.update(state=_State.DELIVERED, ended_at=now(), status=status, trouble="")
    Webhook.objects.filter(id=delivery.webhook_id).exclude(failing_since=None).update(failing_since=None)
    return True


def _sent(client: httpx.Client, delivery: WebhookDelivery) -> tuple[int | None, str]:
    """The status that came back, and what went wrong or nothing. The answer's body is never read."""
    import httpx

    webhook, body = delivery.webhook, body_of(delivery)
    headers = {"Content-Type": "application/json", "User-Agent": "MEMSHADOW-Webhook/1"}
    headers |= signature(webhook.secret, str(delivery.id), now(), body)
    try:
        with client.stream("POST", webhook.url, content=body, headers=headers, timeout=_TIMEOUT_S) as answer:
            status = answer.status_code
    except MemshadowError as error:
        return None, error.message[:200]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return None, f"No answer ({type(error).__name__})."
    return status, "" if 200 <= status < 300 else f"It answered {status}."


def body_of(delivery: WebhookDelivery) -> bytes:
    """What is sent: the event's id, type, time and data, as JSON."""
    told = {
        "id": str(delivery.id),
        "type": delivery.event,
        "created_at": delivery.created_at.isoformat(),
        "data": delivery.data,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def signature(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of the Standard Webhooks specification: HMAC-SHA256 over id, time (Unix seconds) and body."""
    key, seconds = base64.b64decode(secret.removeprefix("whsec_")), str(int(at.timestamp()))
    signed = f"{message_id}.{seconds}.".encode() + body
    mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": seconds, "webhook-signature": f"v1,{mac}"}


def _failed(delivery: WebhookDelivery, status: int | None, trouble: str) -> None:
    moment, gives_up = now(), delivery.attempts > len(PAUSES)
    row = WebhookDelivery.objects.filter(id=delivery.id, state=_State.PENDING)
    if gives_up:
        row.update(state=_State.FAILED, ended_at=moment, status=status, trouble=trouble)
    else:
        row.update(due_at=moment + PAUSES[delivery.attempts - 1], status=status, trouble=trouble)
    webhook = delivery.webhook
    if webhook.failing_since is None:
        Webhook.objects.filter(id=webhook.id, failing_since=None).update(failing_since=moment)
    elif webhook.failing_since < moment - GIVEN_UP_AFTER:
        _switch_off(webhook)


def _switch_off(webhook: Webhook) -> None:
    with transaction.atomic():
        if Webhook.objects.filter(id=webhook.id, is_active=True).update(is_active=False):
            record("webhook.stopped", actor=None, target=webhook, result=Result.REFUSED)
            logger.warning("Webhook %s was switched off: nothing arrived for %d days", webhook.id, GIVEN_UP_AFTER.days)


def prune_deliveries() -> int:
    """Forget messages that ended long ago; returns how many."""
    ended = WebhookDelivery.objects.filter(ended_at__lt=now() - KEPT).exclude(state=_State.PENDING)
    count, _ = ended.delete()
    return count
