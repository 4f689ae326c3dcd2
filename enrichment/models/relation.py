"""What memories state about things, on two clocks, and what people said to it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.keys import keyring
from accounts.sealed import SealedDict
from enrichment.models.entity import Entity, EntityName
from memories.models import Memory
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.ids import new_id


def predicate_key(owner_id: UUID, predicate: str) -> bytes:
    """The keyed hash under which a predicate, in its normal form, is found."""
    return keyed_hash(keyring(owner_id).name_key, "predicate", predicate)


def fact_key(owner_id: UUID, subject: str, predicate: str, thing: str, is_negated: bool) -> bytes:
    """The keyed hash of what is stated, by its words: what people say to it holds for whoever states it again."""
    return keyed_hash(keyring(owner_id).name_key, "fact", subject, predicate, thing, "not" if is_negated else "")


def phrase_node(owner_id: UUID, phrase: str) -> UUID:
    """The node of a phrase that is no entity: the same for the same words of one owner."""
    return UUID(bytes=keyed_hash(keyring(owner_id).name_key, "phrase", phrase)[:16], version=5)


class Relation(models.Model):
    """A memory's sentence at [start:end) states subject, predicate and object.

    `subject_node` and `object_node` are the entity's id, or that of a phrase (`phrase_node`). `speaker` is the name by
    which 'I' was found. True from `valid_from` to `valid_to`, of which either may be unknown; known from `learnt_at`
    until `unlearnt_at`, when its memory was edited to say it no more. Which newer fact ends an older one is not stored:
    it follows from what was known at the time that is asked about (`enrichment.facts`). `closes_at`: from then on this
    ends others of its subject and predicate; those with the same object when `is_end`, else those with another.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="relations")
    subject = models.ForeignKey(Entity, on_delete=models.CASCADE, null=True, blank=True, related_name="stated_of")
    object = models.ForeignKey(Entity, on_delete=models.CASCADE, null=True, blank=True, related_name="stated_with")
    speaker = models.ForeignKey(EntityName, on_delete=models.SET_NULL, null=True, blank=True, related_name="spoken")
    subject_node = models.UUIDField()
    object_node = models.UUIDField()
    predicate_key = models.BinaryField(max_length=32)
    fact_key = models.BinaryField(max_length=32)
    # subject, predicate, object and sentence as they are shown, and the places of subject and object in the text.
    said_sealed = models.BinaryField(default=b"")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    is_negated = models.BooleanField(default=False)
    is_end = models.BooleanField(default=False)
    is_single = models.BooleanField(default=False)
    modality = models.CharField(max_length=12, blank=True)
    confidence = models.FloatField(default=0)
    rule = models.CharField(max_length=80, blank=True)

    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    time_rule = models.CharField(max_length=60, blank=True)
    learnt_at = models.DateTimeField(default=timezone.now)
    unlearnt_at = models.DateTimeField(null=True, blank=True)

    said = SealedDict()

    # What `enrichment.facts` works out on the rows that it reads: when it was over, which newer fact ended it, and what
    # a person said to it.
    ends_at: datetime | None
    ended_by: UUID | None
    verdict_id: UUID | None

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["memory"], name="relation_in_memory"),
            models.Index(fields=["owner", "subject_node", "predicate_key"], name="relation_of_subject"),
            models.Index(fields=["owner", "object_node"], name="relation_of_object"),
            models.Index(
                fields=["owner", "subject_node", "predicate_key", "closes_at"],
                condition=models.Q(closes_at__isnull=False),
                name="relation_closing",
            ),
            models.Index(fields=["owner", "fact_key"], name="relation_of_fact"),
            models.Index(fields=["owner", "-learnt_at", "-id"], name="relation_recent"),
        ]

    def __str__(self) -> str:
        return f"relation {self.id}"


class FactVerdict(models.Model):
    """What a person said to a fact, or to two of which one ends the other; it holds when texts are read again.

    `older_key` alone: the fact is wrong. With `newer_key`: both stand, or only the newer, which is true from `ends_at`.
    It keeps no words: what it is about is found by its keys, and it goes when nothing states that any more.
    """

    class Action(models.TextChoices):
        REJECT = "reject", "Said to be wrong"
        BOTH = "both", "Both stand"
        NEWER = "newer", "Ended by the newer one"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    action = models.CharField(max_length=8, choices=Action.choices)
    older_key = models.BinaryField(max_length=32)
    newer_key = models.BinaryField(max_length=32, default=b"")
    ends_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "older_key"], name="fact_verdict_of_fact"),
            models.Index(fields=["owner", "-at", "-id"], name="fact_verdict_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.id}"
