"""API keys: shown once, stored hashed, found by their prefix."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.permissions import carried
from memshadow.lib.ids import new_id


class ApiKey(models.Model):
    """A key with which a program acts for its owner, within scopes and from allowed addresses."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    old_secret_hash = models.BinaryField(max_length=32, null=True, blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    scopes = ArrayField(models.CharField(max_length=32))
    allowed_addresses = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    rotated_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"], name="api_key_of_owner")]

    def __str__(self) -> str:
        return f"{self.name} (msh_{self.prefix}…)"

    def is_usable(self, at: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)

    @property
    def carried(self) -> frozenset[str]:
        """The scopes that the key lends, wildcards read."""
        return carried(self.scopes)

    @property
    def lifetime(self) -> timedelta | None:
        """How long its text lives from its making; None for ever."""
        return self.expires_at - (self.rotated_at or self.created_at) if self.expires_at else None
