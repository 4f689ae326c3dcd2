"""Tokens that a program gets for a password: short ones for access, and ones that renew them, used once each."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.permissions import carried
from memshadow.lib.ids import new_id


class TokenFamily(models.Model):
    """All tokens that come from one sign-in of one program: they end together."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="token_families")
    scopes = ArrayField(models.CharField(max_length=32))
    sign_in_hash = models.CharField(max_length=128)
    agent = models.CharField(max_length=300, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    renewed_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "token families"
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"], name="token_family_of_owner")]

    def __str__(self) -> str:
        return f"tokens of {self.owner_id} since {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def carried(self) -> frozenset[str]:
        """The scopes that its tokens lend."""
        return carried(self.scopes)


class Token(models.Model):
    """One token, hashed. A refresh token that was used stays until it would have expired, so that reuse is seen."""

    class Kind(models.TextChoices):
        ACCESS = "access", "Access"
        REFRESH = "refresh", "Refresh"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    secret_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} token until {self.expires_at:%Y-%m-%d %H:%M}"
