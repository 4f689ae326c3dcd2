"""What a step found out about a memory, or how far it is with it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedDict
from enrichment.models.job import EnrichmentJob
from memories.models import Memory
from memshadow.lib.ids import new_id


class Enrichment(models.Model):
    """One step of one version on one memory. The result is sealed, for it quotes.

    `revision` is the memory's `revision_count` when it was read: another number there means that the text may have
    changed since. A result is shown until the next one replaces it. `claim` names the batch that has the row in hand;
    one whose lease is over was given up by a worker that died.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="enrichments")
    step = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    # Higher goes first.
    priority = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    job = models.ForeignKey(EnrichmentJob, on_delete=models.SET_NULL, null=True, blank=True, related_name="rows")
    claim = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    revision = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    took_ms = models.FloatField(default=0)
    error = models.CharField(max_length=300, blank=True)
    result_sealed = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    result = SealedDict()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["memory", "step", "version"], name="enrichment_unique"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["step", "version", "-priority", "due_at"],
                condition=models.Q(state="pending"),
                name="enrichment_to_do",
            ),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="enrichment_in_hand"),
            models.Index(fields=["owner", "step"], condition=models.Q(state="failed"), name="enrichment_failed"),
            models.Index(fields=["owner", "step", "state"], name="enrichment_of_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.version} of {self.memory_id}"
