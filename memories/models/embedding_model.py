"""Which embedding models the search index knows, and how far each is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class EmbeddingModel(models.Model):
    """One generation of vectors. Exactly one is active; vectors of two are never mixed.

    `config` holds what the provider needs to know of the model (`memories.embedding.ModelSpec`) and no secret;
    `api_keys_sealed` is sealed under the server's master key. A retired model is kept up to date until it is dropped,
    so that going back loses nothing.
    """

    class State(models.TextChoices):
        ADDED = "added", "Not in use"
        BUILDING = "building", "Being built"
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Kept for going back"
        DROPPING = "dropping", "Being dropped"

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=100, unique=True)
    provider = models.CharField(max_length=40)
    dimension = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ADDED)
    paused = models.BooleanField(default=False)
    config = models.JSONField(default=dict, blank=True)
    api_keys_sealed = models.BinaryField(default=b"")
    build_total = models.PositiveIntegerField(default=0)
    build_listed_at = models.DateTimeField(null=True, blank=True)
    build_resumed_at = models.DateTimeField(null=True, blank=True)
    build_done_at_resume = models.PositiveIntegerField(default=0)
    build_due_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=300, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="one_active_embedding_model"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="building"), name="one_embedding_model_being_built"
            ),
        ]

    def __str__(self) -> str:
        return self.name
