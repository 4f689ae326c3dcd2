"""What a look at the search index found, kept so that pages can show it without looking again."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class IndexReport(models.Model):
    """Figures of `memories.index_report`, never a memory's text. Without an owner it is about the whole instance."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="index_reports"
    )
    created_at = models.DateTimeField(default=timezone.now)
    took_ms = models.FloatField()
    figures = models.JSONField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"], name="index_report_latest")]

    def __str__(self) -> str:
        return f"index report of {self.created_at:%Y-%m-%d %H:%M}"
