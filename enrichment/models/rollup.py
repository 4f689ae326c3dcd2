"""Roll-ups: what a conversation, a day, a week, a persona or a tag is about, told by sentences of its memories."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedText
from memories.models import Conversation, Memory, Tag
from memshadow.lib.ids import new_id
from personas.models import Persona


class Rollup(models.Model):
    """One of them, and what it was made of. `key` says of what it is: 'day:2026-05-01', 'conversation:<id>'.

    `fingerprint` is that of the memories that belong to it: another one there means that one came, changed or went.
    """

    class Kind(models.TextChoices):
        CONVERSATION = "conversation", "Conversation"
        DAY = "day", "Day"
        WEEK = "week", "Week"
        PERSONA = "persona", "Persona"
        TAG = "tag", "Tag"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=60)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    persona = models.ForeignKey(Persona, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    # The day, or the Monday of the week, in UTC.
    day = models.DateField(null=True, blank=True)
    memory_count = models.PositiveIntegerField(default=0)
    fingerprint = models.BigIntegerField(default=0)
    is_due = models.BooleanField(default=True)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "key"], name="rollup_unique")]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(is_due=True), name="rollup_to_make"),
            models.Index(fields=["owner", "kind", "-day"], name="rollup_by_day"),
        ]

    def __str__(self) -> str:
        return self.key


class RollupPart(models.Model):
    """A sentence of a roll-up, cited from [start:end) of a memory at a revision. It goes with the memory."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    rollup = models.ForeignKey(Rollup, on_delete=models.CASCADE, related_name="parts")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()
    words_sealed = models.BinaryField(default=b"")

    words = SealedText()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["rollup", "number"], name="rollup_part_in_order")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.rollup_id}"
