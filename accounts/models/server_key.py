"""The server's own keys, wrapped by the master key: that the newest opens proves that it is the right one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class ServerKey(models.Model):
    """One version of the key that seals what belongs to no person, such as the keys of embedding servers."""

    version = models.PositiveIntegerField(unique=True)
    wrapped = models.BinaryField(max_length=128)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["version"]

    def __str__(self) -> str:
        return f"server key {self.version}"
