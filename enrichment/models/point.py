"""Points: what memories say was decided, and what somebody has to do."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.keys import keyring
from accounts.sealed import SealedDict
from memories.models import Memory
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.ids import new_id


def point_key(owner_id: UUID, kind: str, words: str) -> bytes:
    """The keyed hash by which a sentence is known again when its memory is read anew."""
    return keyed_hash(keyring(owner_id).name_key, "point", kind, " ".join(words.split()).casefold())


class Point(models.Model):
    """A decision or an action item: a sentence at [start:end) of a memory. What a person said of it (`state`) stays.

    `said` holds `words`, `task`, `who`, `who_start`, `who_end` and `due_words`, as enrichment/points finds them.
    """

    class Kind(models.TextChoices):
        ACTION = "action", "Action item"
        DECISION = "decision", "Decision"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        DISMISSED = "dismissed", "Not one"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # A person set the state: the text's own mark ('[x]') does not any more.
    is_by_hand = models.BooleanField(default=False)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    due_on = models.DateField(null=True, blank=True)
    words_key = models.BinaryField(max_length=32)
    said_sealed = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now)

    said = SealedDict()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["memory", "words_key"], name="point_unique")]
        indexes: ClassVar = [
            models.Index(fields=["owner", "kind", "state", "due_on"], name="point_of_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.memory_id}"
