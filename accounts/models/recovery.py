"""Ways back and onward: asked-for password resets, and changes of address that wait for both addresses."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from memshadow.lib.ids import new_id


class PasswordReset(models.Model):
    """Somebody asked for a link to choose a new password, whether or not an account has this address."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField("e-mail address", max_length=254)
    address = models.GenericIPAddressField(null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["email", "-asked_at"], name="password_reset_of_email")]

    def __str__(self) -> str:
        return f"password reset asked {self.asked_at:%Y-%m-%d %H:%M}"


class EmailChange(models.Model):
    """A change of address, which happens once both have confirmed; the old one can undo it. Tokens are hashed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="email_changes")
    old_email = models.EmailField("old e-mail address", max_length=254)
    new_email = models.EmailField("new e-mail address", max_length=254)
    old_token_hash = models.BinaryField(max_length=32, unique=True)
    new_token_hash = models.BinaryField(max_length=32, unique=True)
    asked_at = models.DateTimeField(default=timezone.now)
    old_confirmed_at = models.DateTimeField(null=True, blank=True)
    new_confirmed_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-asked_at"], name="email_change_of_owner")]

    def __str__(self) -> str:
        return f"change of address asked {self.asked_at:%Y-%m-%d %H:%M}"
