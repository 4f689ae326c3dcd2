"""What a person asked for: some steps on some memories, with the progress."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from memshadow.lib.ids import new_id


class EnrichmentJob(models.Model):
    """Rows of `Enrichment` name the job that asked for them last; how far it is follows from their states."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    steps = ArrayField(models.CharField(max_length=40), default=list)
    priority = models.SmallIntegerField(default=0)
    memories = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at", "-id"], name="enrichment_job_recent")]

    def __str__(self) -> str:
        return f"enrichment job {self.id}"
