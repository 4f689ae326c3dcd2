"""The memory: the truth that everything else is derived from."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.keys import keyring
from accounts.sealed import SealedDict, SealedText
from memories import screening
from memories.models.conversation import Conversation
from memories.models.tag import MemoryTag, Tag
from memories.screening import findings_of
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.ids import new_id
from personas.models import Persona


class Kind(models.TextChoices):
    """What sort of thing a memory is."""

    NOTE = "note", "Note"
    TURN = "turn", "Turn"
    DOCUMENT = "document", "Document"
    FACT = "fact", "Fact"
    SUMMARY = "summary", "Summary"
    INSIGHT = "insight", "Insight"


class MemoryRole(models.TextChoices):
    """Who spoke, for turns of a conversation."""

    NONE = "", "–"
    USER = "user", "User"
    ASSISTANT = "assistant", "Assistant"
    SYSTEM = "system", "System"
    TOOL = "tool", "Tool"


class State(models.TextChoices):
    """Where a memory is in its life. Only a person erases; machines archive and supersede."""

    ACTIVE = "active", "Active"
    ARCHIVED = "archived", "Archived"
    SUPERSEDED = "superseded", "Superseded"
    DELETED = "deleted", "In the trash"


class IndexState(models.TextChoices):
    """Whether the search index has caught up with the memory."""

    PENDING = "pending", "Pending"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


def author_key(owner_id: UUID, name: str) -> bytes:
    """The keyed hash under which an author is found, whatever the case; empty for no author."""
    return keyed_hash(keyring(owner_id).name_key, "author", name.casefold()) if name else b""


class _Author(SealedText):
    """The sealed author, whose key is set with it."""

    def __set__(self, row: Any, value: str) -> None:
        super().__set__(row, value)
        row.author_key = author_key(row.owner_id, value)


class _Content(SealedText):
    """The sealed text, with what screening finds in it."""

    def __set__(self, row: Any, value: str) -> None:
        super().__set__(row, value)
        found = findings_of(value)
        row.has_secret, row.is_suspicious = bool(found.secrets), bool(found.signs)
        row.findings, row.screening_version = found.stored(), screening.VERSION


class Memory(models.Model):
    """One thing remembered. Its texts are sealed under the owner's data key."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memories")
    persona = models.ForeignKey(Persona, on_delete=models.SET_NULL, null=True, blank=True, related_name="memories")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, null=True, blank=True, related_name="memories"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.NOTE)
    role = models.CharField(max_length=12, choices=MemoryRole.choices, default=MemoryRole.NONE, blank=True)
    source = models.CharField(max_length=40, default="api")
    language = models.CharField(max_length=8, default="und")
    importance = models.FloatField(default=0.5)
    pinned = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)

    content_sealed = models.BinaryField()
    # Sealed by its owner's own key before it came here (docs/cli.md). Such a memory's content is always empty, so that
    # whatever reads texts finds nothing to read, and what the server holds of it stands in `ciphertext` alone.
    is_sealed = models.BooleanField(default=False)
    ciphertext_sealed = models.BinaryField(default=b"")
    author_sealed = models.BinaryField(default=b"")
    author_key = models.BinaryField(max_length=32, default=b"")
    external_id_sealed = models.BinaryField(default=b"")
    metadata_sealed = models.BinaryField(default=b"")
    fingerprint = models.BinaryField(max_length=32)
    size_bytes = models.PositiveIntegerField(default=0)

    occurred_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    state_changed_at = models.DateTimeField(null=True, blank=True)

    # Who put it into a space; None for what is one's own, and for who has left this server.
    captured_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    sightings = models.PositiveIntegerField(default=1)
    last_seen_at = models.DateTimeField(default=timezone.now)
    revision_count = models.PositiveIntegerField(default=0)

    index_state = models.CharField(max_length=8, choices=IndexState.choices, default=IndexState.PENDING)
    index_attempts = models.PositiveSmallIntegerField(default=0)
    index_error = models.CharField(max_length=200, blank=True)
    index_due_at = models.DateTimeField(default=timezone.now)
    indexed_at = models.DateTimeField(null=True, blank=True)
    # Learning has read the text that was indexed before this moment; None or older than indexed_at: it is pending.
    learnt_at = models.DateTimeField(null=True, blank=True)

    # What screening found in the text (memories/screening): kinds and places, sealed, and two answers to filter by.
    has_secret = models.BooleanField(default=False)
    is_suspicious = models.BooleanField(default=False)
    findings_sealed = models.BinaryField(default=b"")
    screening_version = models.PositiveSmallIntegerField(default=0)

    tags = models.ManyToManyField(Tag, through=MemoryTag, related_name="memories", blank=True)

    content = _Content()
    ciphertext = SealedText()
    findings = SealedDict()
    author = _Author()
    external_id = SealedText()
    metadata = SealedDict()

    class Meta:
        verbose_name_plural = "memories"
        permissions: ClassVar = [("read_content", "Can read the decrypted content of other people's memories")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "fingerprint"], name="memory_fingerprint_unique"),
            models.CheckConstraint(
                condition=models.Q(importance__gte=0, importance__lte=1), name="memory_importance_range"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at", "-id"], name="memory_recent"),
            models.Index(fields=["owner", "-occurred_at", "-id"], name="memory_by_time"),
            models.Index(fields=["owner", "source"], name="memory_by_source"),
            models.Index(fields=["owner", "author_key"], condition=~models.Q(author_key=b""), name="memory_by_author"),
            models.Index(fields=["conversation", "occurred_at", "id"], name="memory_of_conversation"),
            models.Index(fields=["index_due_at"], condition=models.Q(index_state="pending"), name="memory_to_index"),
            models.Index(
                fields=["indexed_at"],
                condition=models.Q(index_state="done")
                & (models.Q(learnt_at=None) | models.Q(learnt_at__lt=models.F("indexed_at"))),
                name="memory_to_learn_from",
            ),
            models.Index(fields=["owner"], condition=models.Q(has_secret=True), name="memory_with_secret"),
            models.Index(fields=["owner"], condition=models.Q(is_suspicious=True), name="memory_suspicious"),
            models.Index(fields=["owner"], condition=models.Q(is_sealed=True), name="memory_sealed"),
            models.Index(
                fields=["screening_version"],
                condition=models.Q(screening_version__lt=screening.VERSION),
                name="memory_to_screen",
            ),
            models.Index(
                fields=["owner", "-state_changed_at"],
                condition=models.Q(state="deleted"),
                name="memory_trash",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def carried_text(self) -> str:
        """What an export carries: the text, or the ciphertext, of which an import makes a sealed memory again."""
        return str(self.content or self.ciphertext)
