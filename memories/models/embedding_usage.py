"""How much was embedded, by model and hour."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class EmbeddingUsage(models.Model):
    """Counters of one model in one hour, summed over all processes. They say nothing about whose texts they were.

    `latency_counts` has one number a bucket of `memories.embedding.statistics.BUCKETS_S`.
    """

    model_name = models.CharField(max_length=100)
    hour = models.DateTimeField()
    purpose = models.CharField(max_length=8)
    texts = models.BigIntegerField(default=0)
    tokens = models.BigIntegerField(default=0)
    cached = models.BigIntegerField(default=0)
    calls = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)
    busy_s = models.FloatField(default=0)
    latency_counts = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model_name", "purpose", "hour"], name="embedding_usage_unique")
        ]
        indexes: ClassVar = [models.Index(fields=["hour"], name="embedding_usage_by_hour")]

    def __str__(self) -> str:
        return f"{self.model_name} at {self.hour:%Y-%m-%d %H}h"
