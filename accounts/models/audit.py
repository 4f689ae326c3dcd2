"""What was done that somebody may have to answer for, in a chain that shows tampering (accounts/audit/)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from memshadow.lib.ids import new_id


class AuditEvent(models.Model):
    """Who did what to which object, from where, when, and how it went. Never holds memory content.

    The database refuses to change or remove a row (migration 'audit_chain'). So that erasing a person leaves their
    events as they are, `actor` is no foreign key to the database: it may name somebody who is gone.
    """

    class Result(models.TextChoices):
        OK = "ok", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    position = models.BigIntegerField(null=True, unique=True, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="audit_events",
    )
    email_fingerprint = models.CharField(max_length=32, blank=True)
    action = models.CharField(max_length=60)
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.OK)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    previous = models.BinaryField(max_length=32, null=True, editable=False)
    mac = models.BinaryField(max_length=32, null=True, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-created_at"], name="audit_recent"),
            models.Index(fields=["actor", "-created_at"], name="audit_of_actor"),
            models.Index(fields=["object_id", "-created_at"], name="audit_of_object"),
            models.Index(fields=["action", "-created_at"], name="audit_of_action"),
            models.Index(fields=["email_fingerprint", "-created_at"], name="audit_of_email"),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.action}"


class AuditChain(models.Model):
    """The chain's newest link and its sealed key: one row, which writers lock one after the other."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    sealed_key = models.BinaryField(max_length=128)
    position = models.BigIntegerField(default=0)
    mac = models.BinaryField(max_length=32)
    seal = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"audit trail up to {self.position}"


class AuditCheckpoint(models.Model):
    """Where the chain begins after older entries were removed: the last removed link, sealed."""

    position = models.BigIntegerField(unique=True)
    mac = models.BinaryField(max_length=32)
    removed = models.PositiveBigIntegerField()
    seal = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"audit trail after {self.position}"
