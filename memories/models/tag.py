"""Tags: the owner's own words for groups of memories."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedText
from memshadow.lib.ids import new_id


class Tag(models.Model):
    """A sealed name; `name_key`, its keyed hash, finds it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tags")
    name_sealed = models.BinaryField(default=b"")
    name_key = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)

    name = SealedText()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "name_key"], name="tag_name_unique")]

    def __str__(self) -> str:
        return f"tag {self.pk}"


class MemoryTag(models.Model):
    """A memory carries a tag."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey("memories.Memory", on_delete=models.CASCADE, related_name="memory_tags")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="memory_tags")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["memory", "tag"], name="memory_tag_unique")]

    def __str__(self) -> str:
        return f"{self.memory_id} #{self.tag_id}"
