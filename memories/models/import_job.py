"""Imports: one row an archive, with its progress, so that a killed import goes on where it stood."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedDict, SealedText
from memshadow.lib.ids import new_id
from personas.models import Persona


class ImportJob(models.Model):
    """An uploaded archive on its way into memory. `cursor` counts the items that are committed."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        CANCELLED = "cancelled", "Cancelled"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="import_jobs")
    persona = models.ForeignKey(Persona, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    format = models.CharField(max_length=20, blank=True)
    dry_run = models.BooleanField(default=False)
    filename_sealed = models.BinaryField(default=b"")
    report_sealed = models.BinaryField(default=b"")
    size_bytes = models.BigIntegerField(default=0)

    cursor = models.PositiveBigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)
    imported = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    conversations = models.PositiveIntegerField(default=0)

    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    filename = SealedText()
    report = SealedDict()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at", "-id"], name="import_recent"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["queued", "running"]),
                name="import_to_do",
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.id}"

    @property
    def is_finished(self) -> bool:
        """Nothing more will happen unless somebody resumes it."""
        return self.state not in (self.State.QUEUED, self.State.RUNNING)

    @property
    def can_resume(self) -> bool:
        """Stopped before its end, or a dry run that can now be done for real."""
        return self.state in (self.State.CANCELLED, self.State.FAILED) or (
            self.state == self.State.DONE and self.dry_run
        )

    def start_over(self) -> None:
        """Forget a dry run's counts and import for real. The caller saves."""
        self.dry_run, self.report = False, {}
        self.cursor = self.bytes_read = self.imported = self.updated = self.duplicates = 0
        self.skipped = self.failed = self.conversations = 0

    @property
    def percent(self) -> int:
        """How much of the file was read, 0 to 100."""
        if self.state == self.State.DONE:
            return 100
        return min(99, int(100 * self.bytes_read / self.bytes_total)) if self.bytes_total else 0
