"""Memories that say nearly the same: how they are found, the pairs, and what is to be done with them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from memories.models import Memory
from memshadow.lib.ids import new_id


class TextSketch(models.Model):
    """Keyed hashes of a memory's words: two texts that share most words have one of `bands` in common."""

    memory = models.OneToOneField(Memory, on_delete=models.CASCADE, primary_key=True, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    bands = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        indexes: ClassVar = [GinIndex(fields=["bands"], name="text_sketch_bands")]

    def __str__(self) -> str:
        return f"sketch of {self.memory_id}"


class DuplicatePair(models.Model):
    """Two memories that say nearly the same, `first` the older, and what became of them.

    `words`: the share of all their words that both have. `meaning`: the cosine of their vectors, where both have one.
    `undo`: the numbers of the revisions that merging made, by memory.
    """

    class State(models.TextChoices):
        OPEN = "open", "Waiting"
        MERGED = "merged", "Merged"
        KEPT = "kept", "Both kept"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    first = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="+")
    words = models.FloatField()
    meaning = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    is_by_machine = models.BooleanField(default=False)
    undo = models.JSONField(default=dict, blank=True)
    found_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_unique")]
        indexes: ClassVar = [models.Index(fields=["owner", "state", "-found_at"], name="duplicate_pair_waiting")]

    def __str__(self) -> str:
        return f"pair {self.id}"


class DuplicatePolicy(models.Model):
    """What is done with an owner's near-duplicates without asking. No row: nothing is."""

    class Choice(models.TextChoices):
        PROPOSE = "propose", "Ask me about each"
        MERGE = "merge", "Merge what is nearly word for word the same, ask about the rest"

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    choice = models.CharField(max_length=8, choices=Choice.choices, default=Choice.PROPOSE)

    def __str__(self) -> str:
        return self.choice
