"""What OAuth keeps beside django-oauth-toolkit's tables: who let which app in, spent codes, waiting devices."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from memshadow.lib.ids import new_id

_APPLICATION = "oauth2_provider.Application"


class AppConnection(models.Model):
    """A person let an app in: with which scopes, and when and from where it was last seen."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="app_connections")
    application = models.ForeignKey(_APPLICATION, on_delete=models.CASCADE, related_name="connections")
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "application"], name="app_connection_once"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} for {self.owner_id}"


class SpentCode(models.Model):
    """An authorization code that was exchanged, hashed: whoever brings it again ends the tokens that it gave."""

    code_hash = models.CharField(primary_key=True, max_length=64)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(_APPLICATION, on_delete=models.CASCADE, related_name="+")
    token_family = models.UUIDField()
    spent_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"code spent {self.spent_at:%Y-%m-%d %H:%M}"


class DeviceRequest(models.Model):
    """A program without a browser that waits for somebody to type its code (RFC 8628). Both codes are hashed."""

    class State(models.TextChoices):
        """Where it stands; once the program has its tokens, the row goes."""

        WAITING = "waiting", "waiting"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    application = models.ForeignKey(_APPLICATION, on_delete=models.CASCADE, related_name="device_requests")
    device_code_hash = models.CharField(max_length=64, unique=True)
    user_code_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=32))
    resource = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="device_requests"
    )
    address = models.GenericIPAddressField(null=True, blank=True)
    interval_s = models.PositiveSmallIntegerField(default=5)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    polled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"device request of {self.created_at:%Y-%m-%d %H:%M}"

    def is_open(self, at: datetime) -> bool:
        """Whether somebody can still answer it."""
        return self.state == self.State.WAITING and self.expires_at > at
