"""Topics, the clusters of vectors that they are made of, where each memory stands, and what people corrected."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedDict, SealedText
from memories.models import Memory
from memshadow.lib.ids import new_id


class Topic(models.Model):
    """What some memories are about. Its label, and the terms that set it apart (`terms`: words, score), are sealed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="topics")
    label_sealed = models.BinaryField(default=b"")
    terms_sealed = models.BinaryField(default=b"")
    # A person chose the label: no run gives it another.
    is_named_by_hand = models.BooleanField(default=False)
    # A person does not want to see it: it is found again and not shown.
    is_hidden = models.BooleanField(default=False)
    # What it has become part of. It keeps its row, so that the merge can be undone.
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged")
    created_at = models.DateTimeField(default=timezone.now)

    label = SealedText()
    terms = SealedDict()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner"], name="topic_of_owner")]

    def __str__(self) -> str:
        return f"topic {self.id}"


class Cluster(models.Model):
    """A group of vectors that the machine found. It keeps its row from run to run while most of it stays.

    `centre` (single precision) and `reach` say which new memories join. One that the last run did not find
    (`is_current` false) is kept where a person corrected its topic, and meant again when it comes back.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="clusters")
    centre = models.BinaryField()
    reach = models.FloatField()
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"cluster {self.id}"


class Placement(models.Model):
    """Where a memory stands: its cluster, if it is of one, how near to the centre (cosine), and its spot on the map."""

    memory = models.OneToOneField(Memory, on_delete=models.CASCADE, primary_key=True, related_name="placement")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    cluster = models.ForeignKey(Cluster, on_delete=models.SET_NULL, null=True, blank=True, related_name="placements")
    nearness = models.FloatField(default=0)
    x = models.FloatField()
    y = models.FloatField()
    placed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "memory"], name="placement_of_owner")]

    def __str__(self) -> str:
        return f"place of {self.memory_id}"


class TopicRun(models.Model):
    """The last grouping of an owner's memories, and what it takes to place new ones by it (`frame`: arrays)."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    embedding_model_id = models.SmallIntegerField()
    memories = models.PositiveIntegerField()
    frame = models.BinaryField()
    grouped_at = models.DateTimeField(default=timezone.now)
    took_ms = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"grouping of {self.memories} memories"


class TopicChange(models.Model):
    """What a person corrected, with what it takes to undo it."""

    class Action(models.TextChoices):
        MERGE = "merge", "Merged"
        RENAME = "rename", "Renamed"
        HIDE = "hide", "Hidden"
        SHOW = "show", "Shown again"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="changes")
    action = models.CharField(max_length=10, choices=Action.choices)
    before_sealed = models.BinaryField(default=b"")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    before = SealedDict()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-at"], name="topic_change_recent")]

    def __str__(self) -> str:
        return f"{self.action} of {self.topic_id}"
