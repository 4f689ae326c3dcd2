"""Revisions: what a memory was before each change, who changed it and why."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedDict
from memories.models.memory import Memory
from memshadow.lib.ids import new_id


class MemoryRevision(models.Model):
    """The state of a memory that held until `created_at`, when `action` changed it.

    `snapshot` is the sealed JSON of everything editable, so history, undo and 'what did I know on 3 May' need nothing
    else.
    """

    class Action(models.TextChoices):
        EDITED = "edited", "Edited"
        ARCHIVED = "archived", "Archived"
        RESTORED = "restored", "Restored"
        DELETED = "deleted", "Moved to the trash"
        MERGED = "merged", "Merged"
        SUPERSEDED = "superseded", "Superseded"
        UNDONE = "undone", "Undone"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    action = models.CharField(max_length=12, choices=Action.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    via = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    snapshot_sealed = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    snapshot = SealedDict()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["memory", "number"], name="revision_number_unique")]

    def __str__(self) -> str:
        return f"revision {self.number} of {self.memory_id}"
