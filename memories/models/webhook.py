"""Webhooks: who else is told when something happens, and every message on its way there."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedText
from memshadow.lib.ids import new_id


class WebhookEvent(models.TextChoices):
    """What a webhook can ask to be told."""

    CREATED = "memory.created", "A memory was added"
    UPDATED = "memory.updated", "A memory was changed, archived or restored"
    SUPERSEDED = "memory.superseded", "A memory was superseded by another"
    DELETED = "memory.deleted", "A memory was moved to the trash"
    IMPORT_FINISHED = "import.finished", "An import ended"
    ENRICHMENT_FINISHED = "enrichment.finished", "Asked-for enrichment ended"


class Webhook(models.Model):
    """An address of a person's that is sent events. `failing_since` is None while the last message arrived."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    url_sealed = models.BinaryField()
    secret_sealed = models.BinaryField()
    events = ArrayField(models.CharField(max_length=40))
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    failing_since = models.DateTimeField(null=True, blank=True)

    url = SealedText()
    secret = SealedText()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"], name="webhook_of_owner")]

    def __str__(self) -> str:
        return f"webhook {self.id}"


class WebhookDelivery(models.Model):
    """One event for one webhook. It holds ids and plain kinds, never what a memory says."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    trouble = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        indexes: ClassVar = [
            models.Index(fields=["webhook", "-created_at", "-id"], name="webhook_delivery_recent"),
            models.Index(fields=["due_at"], condition=models.Q(state="pending"), name="webhook_delivery_due"),
        ]

    def __str__(self) -> str:
        return f"webhook delivery {self.id}"
