"""Requests that may be repeated safely."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class IdempotencyRecord(models.Model):
    """What a request with an Idempotency-Key made: repeating it returns the same memories."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key_hash = models.BinaryField(max_length=32)
    request_hash = models.BinaryField(max_length=32)
    memory_ids = ArrayField(models.UUIDField())
    created_flags = ArrayField(models.BooleanField())
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "key_hash"], name="idempotency_unique")]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return f"request of {self.owner_id} at {self.created_at}"
