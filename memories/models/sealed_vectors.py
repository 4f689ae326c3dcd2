"""The vectors that a client made of a text which the server never sees."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from memories.models.memory import Memory


class SealedVectors(models.Model):
    """What one embedding model made of a sealed memory: `count` vectors, one a stretch of its text.

    The server cannot make them again, so they are no part of the search index but the truth that its rows come from.
    The model is named and not referred to: a generation may be dropped, and one of the same name built again.
    `packed` is float16, little-endian, (count, dimension), as precise as the index.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="sealed_vectors")
    model_name = models.CharField(max_length=100)
    dimension = models.PositiveSmallIntegerField()
    count = models.PositiveSmallIntegerField()
    packed = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "sealed vectors"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["memory", "model_name"], name="sealed_vectors_once_a_model"),
        ]

    def __str__(self) -> str:
        return f"{self.count} vectors of {self.memory_id} by {self.model_name}"
