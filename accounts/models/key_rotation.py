"""Rotations of a person's data key: one row each, with its progress, so that a killed one goes on where it stood."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from memshadow.lib.ids import new_id


class KeyRotation(models.Model):
    """The way of one person's sealed rows from older versions of their data key to `to_version`."""

    class State(models.TextChoices):
        RUNNING = "running", "Encrypting again"
        SETTLING = "settling", "Waiting until nobody holds the old key"
        DONE = "done", "Done"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="key_rotations")
    to_version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    rows_total = models.PositiveBigIntegerField(default=0)
    rows_done = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner"], condition=~Q(state="done"), name="key_rotation_one_at_a_time")
        ]
        indexes: ClassVar = [models.Index(fields=["owner", "-started_at"], name="key_rotation_recent")]

    def __str__(self) -> str:
        return f"rotation of {self.owner_id} to {self.to_version}"

    @property
    def percent(self) -> int:
        """How much is encrypted again, 0 to 100."""
        if self.state != self.State.RUNNING:
            return 100
        return min(99, int(100 * self.rows_done / self.rows_total)) if self.rows_total else 0
