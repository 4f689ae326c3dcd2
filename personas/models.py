"""A persona: one of the hats that a person wears (work, family, a project)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedText
from memshadow.lib.ids import new_id


class Retention(models.TextChoices):
    """What becomes of a persona's memories after their time. Nothing is erased: only a person empties the trash."""

    ARCHIVE = "archive", "Archive them"
    TRASH = "trash", "Move them to the trash"


class Persona(models.Model):
    """A named part of a person's memory. The name is sealed; `name_key` finds it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personas")
    name_sealed = models.BinaryField(default=b"")
    name_key = models.BinaryField(max_length=32)
    description_sealed = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    retention_action = models.CharField(max_length=8, choices=Retention.choices, default=Retention.ARCHIVE)

    name = SealedText()
    description = SealedText()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "name_key"], name="persona_name_unique")]

    def __str__(self) -> str:
        return f"persona {self.id}"
