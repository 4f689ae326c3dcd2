"""API keys: shown once, stored hashed, found by their prefix."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from memshadow.lib.ids import new_id


class ApiKey(models.Model):
    """A key with which a program acts for its owner, within scopes."""

    class Scope(models.TextChoices):
        READ = "read", "Read and search memories"
        WRITE = "write", "Add, change and delete memories"
        ADMIN = "admin", "Manage keys and this account"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope.choices))
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"], name="api_key_of_owner")]

    def __str__(self) -> str:
        return f"{self.name} (msh_{self.prefix}…)"

    def is_usable(self, at: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)

    def allows(self, scope: str) -> bool:
        """True when the key carries the scope; admin carries all, write carries read."""
        implied = {"read": {"read", "write", "admin"}, "write": {"write", "admin"}, "admin": {"admin"}}
        return bool(implied[scope] & set(self.scopes))
