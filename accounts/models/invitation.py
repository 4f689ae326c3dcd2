"""One-time links that make an account: the owner's at first start, and the owner's invitations."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models.user import Role
from memshadow.lib.ids import new_id


class Invitation(models.Model):
    """A link that makes one account with a given role, once, before it expires. Only its hash is stored."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token_hash = models.BinaryField(max_length=32, unique=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    email = models.EmailField("e-mail address", max_length=254, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="came_by"
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["created_by", "-created_at"], name="invitation_of_owner")]

    def __str__(self) -> str:
        return f"invitation for {self.email or 'anyone'} as {self.role}"

    def is_open(self, at: datetime) -> bool:
        """Unused, not revoked and not expired."""
        return self.used_at is None and self.revoked_at is None and self.expires_at > at
