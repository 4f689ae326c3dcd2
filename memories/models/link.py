"""Links between memories."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from memories.models.memory import Memory
from memshadow.lib.ids import new_id


class MemoryLink(models.Model):
    """`from_memory` stands in a relation to `to_memory`; `reason` says who found it."""

    class Relation(models.TextChoices):
        UPDATES = "updates", "Updates"
        CONTRADICTS = "contradicts", "Contradicts"
        DERIVED_FROM = "derived-from", "Derived from"
        DUPLICATES = "duplicates", "Duplicates"
        RELATES_TO = "relates-to", "Relates to"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    from_memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="links_out")
    to_memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="links_in")
    relation = models.CharField(max_length=16, choices=Relation.choices)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["from_memory", "to_memory", "relation"], name="link_unique")
        ]

    def __str__(self) -> str:
        return f"{self.from_memory_id} {self.relation} {self.to_memory_id}"
