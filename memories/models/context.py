"""What a person adds to context: models that it is prepared for, and verdicts on what was prepared."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from memories.models.feedback import Retrieval
from memshadow.lib.ids import new_id

TARGET_NAME_MAX_CHARS = 100


class ContextTarget(models.Model):
    """A model, or a family of them, that context is prepared for; without an owner it is the server's.

    `match` holds further names and patterns in lower case. What is None or empty is as the provider's defaults say.
    """

    class Provider(models.TextChoices):
        OPENAI = "openai", "OpenAI and compatible"
        ANTHROPIC = "anthropic", "Anthropic"
        GOOGLE = "google", "Google"
        LOCAL = "local", "A server of one's own"
        TEXT = "text", "Plain text"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="context_targets"
    )
    name = models.CharField(max_length=TARGET_NAME_MAX_CHARS)
    match = ArrayField(models.CharField(max_length=TARGET_NAME_MAX_CHARS), default=list, blank=True)
    provider = models.CharField(max_length=12, choices=Provider.choices)
    window = models.PositiveIntegerField(null=True, blank=True)
    output = models.PositiveIntegerField(null=True, blank=True)
    format = models.CharField(max_length=20, blank=True)
    style = models.CharField(max_length=12, blank=True)
    layout = models.CharField(max_length=12, blank=True)
    special = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    tokenizer = models.CharField(max_length=40, blank=True)
    system_role = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], nulls_distinct=False, name="context_target_unique")
        ]

    def __str__(self) -> str:
        return self.name


class ContextVerdict(models.Model):
    """What a person said of a prepared context as a whole; the last word on each."""

    class Verdict(models.TextChoices):
        TOO_LONG = "too_long", "Too long"
        MISSING = "missing", "Missing something"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    retrieval = models.ForeignKey(
        Retrieval, on_delete=models.SET_NULL, null=True, blank=True, related_name="context_verdicts"
    )
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "retrieval"], name="context_verdict_unique")]
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at", "-id"], name="context_verdict_recent")]

    def __str__(self) -> str:
        return f"{self.verdict} {self.id}"
