"""Which embedding models the search index knows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class EmbeddingModel(models.Model):
    """One generation of vectors. Exactly one is active; vectors of two are never mixed."""

    class State(models.TextChoices):
        BUILDING = "building", "Building"
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Retired"

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=200)
    provider = models.CharField(max_length=40)
    dimension = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.BUILDING)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="one_active_embedding_model"
            )
        ]

    def __str__(self) -> str:
        return self.name
