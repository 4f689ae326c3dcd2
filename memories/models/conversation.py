"""A conversation, or a document in parts: what keeps turns together and in order."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedText
from memshadow.lib.ids import new_id
from personas.models import Persona


class Conversation(models.Model):
    """A chat with a model, as its source knew it. `external_key` is the keyed hash of source and external id."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations")
    persona = models.ForeignKey(Persona, on_delete=models.SET_NULL, null=True, blank=True, related_name="conversations")
    source = models.CharField(max_length=40, default="api")
    external_id_sealed = models.BinaryField(default=b"")
    external_key = models.BinaryField(max_length=32)
    title_sealed = models.BinaryField(default=b"")
    model = models.CharField(max_length=80, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    external_id = SealedText()
    title = SealedText()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "external_key"], name="conversation_external_unique")
        ]
        indexes: ClassVar = [models.Index(fields=["owner", "-started_at", "-id"], name="conversation_recent")]

    def __str__(self) -> str:
        return f"conversation {self.id}"
