"""A person's data keys, wrapped by the server's master key."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class DataKey(models.Model):
    """One version of one of a person's keys. Deleting the rows makes that person's data unreadable for ever."""

    class Purpose(models.TextChoices):
        SEAL = "seal", "Seals content"
        INDEX = "index", "Keys fingerprints, lexemes and names"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_keys")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    version = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField(max_length=128)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "purpose", "version"], name="data_key_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key {self.version} of {self.owner_id}"
