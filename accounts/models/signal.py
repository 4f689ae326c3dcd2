"""Signs of an intrusion, and the places from which somebody is known to come."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from memshadow.lib.ids import new_id


class SecuritySignal(models.Model):
    """Something that its owner should look at; without an owner it concerns the server and whoever manages it."""

    class Kind(models.TextChoices):
        NEW_SIGN_IN = "new_sign_in", "Sign-in from a new device or address"
        NEW_KEY_ADDRESS = "new_key_address", "API key used from a new address"
        MANY_FAILURES = "many_failures", "Many failed sign-ins"
        CREDENTIAL_STUFFING = "credential_stuffing", "Failed sign-ins from many addresses"
        MANY_ACCOUNTS = "many_accounts", "One address tried many accounts"
        BURST = "burst", "Far more requests than usual"
        SPACE_OFFERED = "space_offered", "A space was offered to you"
        SPACE_SHARED = "space_shared", "A space was shared with you"
        SPACE_CLOSED = "space_closed", "A space is not shared with you any more"
        AUDIT_BROKEN = "audit_broken", "The audit trail was tampered with"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="security_signals"
    )
    kind = models.CharField(max_length=24, choices=Kind.choices)
    address = models.GenericIPAddressField(null=True, blank=True)
    device = models.CharField(max_length=120, blank=True)
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at"], name="signal_of_owner"),
            models.Index(fields=["created_at"], condition=models.Q(mailed_at=None), name="signal_to_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"


class KnownPlace(models.Model):
    """A network and device from which somebody signed in, or a network from which a key was used."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="known_places")
    subject = models.CharField(max_length=40)
    network = models.CharField(max_length=50)
    device = models.CharField(max_length=120, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "subject", "network", "device"], name="known_place_unique")
        ]

    def __str__(self) -> str:
        return f"{self.subject} from {self.network}"
