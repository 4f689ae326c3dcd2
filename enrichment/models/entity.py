"""Entities, the names by which they are known, where memories mention them, and what people corrected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from accounts.keys import keyring
from accounts.sealed import SealedDict, SealedText
from enrichment.entities import NAME_KINDS
from memories.models import Memory
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.ids import new_id


def entity_name_key(owner_id: UUID, kind: str, normal: str) -> bytes:
    """The keyed hash under which a name is found, in the form that `naming.normal` gives.

    Whether a name is a person's or a place's, pipelines see now so and now so; what patterns find is of its kind.
    """
    return keyed_hash(keyring(owner_id).name_key, "entity", "name" if kind in NAME_KINDS else kind, normal)


def entity_part_keys(owner_id: UUID, parts: Iterable[str]) -> list[bytes]:
    """Keyed hashes of a name's words, by which names that share one meet."""
    key = keyring(owner_id).name_key
    return [keyed_hash(key, "entity part", part) for part in dict.fromkeys(parts)]


class Entity(models.Model):
    """Somebody or something that memories name. Its display name is sealed; all its names are EntityName rows."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="entities")
    kind = models.CharField(max_length=20)
    name_sealed = models.BinaryField(default=b"")
    # A person chose the name: no rule shortens or lengthens it any more.
    is_named_by_hand = models.BooleanField(default=False)
    # A person said what kind it is: mentions do not decide it any more.
    is_sorted_by_hand = models.BooleanField(default=False)
    # A person said that this is nothing: it is found again and not shown.
    is_hidden = models.BooleanField(default=False)
    # What it has become part of. It keeps its row, so that the merge can be undone.
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged")
    created_at = models.DateTimeField(default=timezone.now)

    name = SealedText()

    class Meta:
        verbose_name_plural = "entities"
        indexes: ClassVar = [models.Index(fields=["owner", "kind"], name="entity_of_owner")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class EntityName(models.Model):
    """A name of an entity, as it was written first. It is one entity's: who finds it again knows whose.

    `rule` says why it is this entity's. `is_by_hand`: a person said so, and no rule does otherwise.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="names")
    kind = models.CharField(max_length=20)
    name_sealed = models.BinaryField(default=b"")
    name_key = models.BinaryField(max_length=32)
    part_keys = ArrayField(models.BinaryField(max_length=32), default=list)
    rule = models.CharField(max_length=120, blank=True)
    is_by_hand = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    name = SealedText()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "name_key"], name="entity_name_unique")]
        indexes: ClassVar = [GinIndex(fields=["part_keys"], name="entity_name_parts")]

    def __str__(self) -> str:
        return f"name {self.id}"


class Mention(models.Model):
    """A memory names something at [start:end) of its text. Amounts and times are of no entity and have a value only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="mentions")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, null=True, blank=True, related_name="mentions")
    name = models.ForeignKey(EntityName, on_delete=models.CASCADE, null=True, blank=True, related_name="mentions")
    kind = models.CharField(max_length=20)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    # The words in the text, by which one sees that it has changed since, and the normalised value.
    said_sealed = models.BinaryField(default=b"")
    rule = models.CharField(max_length=120, blank=True)
    # Why it is this entity, where its name alone does not say.
    reason = models.CharField(max_length=120, blank=True)

    said = SealedDict()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["memory", "start"], name="mention_in_memory"),
            models.Index(fields=["entity", "memory"], name="mention_of_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.memory_id}"


class EntityChange(models.Model):
    """What a person corrected, with what it takes to undo it."""

    class Action(models.TextChoices):
        MERGE = "merge", "Merged"
        SPLIT = "split", "Split"
        RENAME = "rename", "Renamed"
        KIND = "kind", "Kind changed"
        HIDE = "hide", "Hidden"
        SHOW = "show", "Shown again"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="changes")
    action = models.CharField(max_length=10, choices=Action.choices)
    before_sealed = models.BinaryField(default=b"")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    before = SealedDict()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-at"], name="entity_change_recent")]

    def __str__(self) -> str:
        return f"{self.action} of {self.entity_id}"
