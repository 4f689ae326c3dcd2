"""What maintenance found and did, run by run."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from memshadow.lib.ids import new_id


class MaintenanceRun(models.Model):
    """One run over the whole server. `findings` are those of enrichment/maintenance, by check; they quote nothing."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    is_dry = models.BooleanField(default=False)
    asked_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    took_ms = models.FloatField(default=0)
    findings = models.JSONField(default=list, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-asked_at", "-id"], name="maintenance_recent")]

    def __str__(self) -> str:
        return f"{'dry run' if self.is_dry else 'run'} of {self.asked_at:%Y-%m-%d %H:%M}"
