"""Erasing an account: asked for, cancelled or done. The row outlives the person and names them by id alone."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from memshadow.lib.ids import new_id


class AccountErasure(models.Model):
    """One account's way out. `deleted` and `remaining` count rows by kind, for whoever has to show that it was done."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for its day"
        RUNNING = "running", "Erasing"
        CANCELLED = "cancelled", "Cancelled"
        DONE = "done", "Erased"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account_id = models.UUIDField()
    asked_by_id = models.UUIDField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    deleted = models.JSONField(default=dict)
    remaining = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account_id"], condition=Q(state__in=["pending", "running"]), name="erasure_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"erasure of {self.account_id}: {self.state}"

    def is_due(self, at: datetime) -> bool:
        """Its day has come, or it was begun."""
        return self.state == self.State.RUNNING or (self.state == self.State.PENDING and self.due_at <= at)
