"""What a generation of vectors still lacks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class PendingEmbedding(models.Model):
    """A memory whose rows in one generation are to be made. Done is deleted.

    Plain columns instead of foreign keys, as in the search index: erasing a memory need not wait for a worker that
    holds its row here, and the worker finds the memory gone.
    """

    pk = models.CompositePrimaryKey("embedding_model_id", "memory_id")
    embedding_model_id = models.SmallIntegerField()
    memory_id = models.UUIDField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["embedding_model_id", "due_at"], name="pending_embedding_due")]

    def __str__(self) -> str:
        return f"{self.memory_id} in generation {self.embedding_model_id}"
