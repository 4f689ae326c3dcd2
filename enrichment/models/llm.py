"""The steps that ask a language model: who lets which one be asked, what was sent, and what it proposes."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.keys import keyring
from accounts.sealed import SealedDict
from memories.models import GatewayUpstream, Memory
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.ids import new_id


def proposal_key(owner_id: UUID, kind: str, text: str) -> bytes:
    """The keyed hash by which a proposal is known again, so that what a person has decided is not asked twice."""
    return keyed_hash(keyring(owner_id).name_key, "proposal", kind, " ".join(text.split()).casefold())


class LlmSetting(models.Model):
    """What one person lets be asked of which model. Nothing is sent unless `is_on`.

    Without `upstream` it is the model in this server's own process, where one is configured. Memories captured before
    `since` are not sent, nor those of the excluded personas and tags.
    """

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="llm_setting"
    )
    is_on = models.BooleanField(default=False)
    upstream = models.ForeignKey(GatewayUpstream, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    is_local = models.BooleanField(default=False)
    model = models.CharField(max_length=120, blank=True)
    steps = ArrayField(models.CharField(max_length=40), default=list)
    tokens_a_day = models.PositiveIntegerField(default=50_000)
    usd_a_day = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal("0.50"))
    since = models.DateTimeField(null=True, blank=True)
    excluded_personas = ArrayField(models.UUIDField(), default=list)
    excluded_tags = ArrayField(models.UUIDField(), default=list)
    # After the server did not answer: nothing is asked before then.
    rests_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"language model of {self.owner_id}"


class LlmCall(models.Model):
    """One question to a language model. `said` holds what was sent (`system`, `prompt`) and what it answered."""

    class Ending(models.TextChoices):
        PENDING = "pending", "Under way"
        GOOD = "good", "Answered"
        REPAIRED = "repaired", "Answered when asked again"
        MALFORMED = "malformed", "Not in the form asked for"
        REFUSED = "refused", "Refused"
        EMPTY = "empty", "Empty"
        TIMED_OUT = "timed-out", "No answer in time"
        LIMITED = "limited", "Too many questions"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=40)
    host = models.CharField(max_length=255)
    model = models.CharField(max_length=120)
    ending = models.CharField(max_length=10, choices=Ending.choices, default=Ending.PENDING)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost_microusd = models.PositiveBigIntegerField(null=True)
    took_ms = models.PositiveIntegerField(default=0)
    said_sealed = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now)

    said = SealedDict()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at", "-id"], name="llm_call_recent")]

    def __str__(self) -> str:
        return f"llm call {self.id}"


class Proposal(models.Model):
    """What a model proposes of a memory. Nothing changes before its owner accepts it.

    `said` holds `text`, `quote` (words of the memory that it rests on) and `reason`. `target` is the fact that an
    update or supersession is about; `made` the memory that accepting made, and `undo` what takes it back.
    """

    class Kind(models.TextChoices):
        SUMMARY = "summary", "Summary"
        TECHNICAL = "technical", "Technical"
        QUESTION = "question", "Open question"
        INSIGHT = "insight", "Insight"
        ADD = "add", "New fact"
        UPDATE = "update", "Changed fact"
        SUPERSEDE = "supersede", "Fact that no longer holds"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="proposals")
    call = models.ForeignKey(LlmCall, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    model = models.CharField(max_length=120)
    target = models.ForeignKey(Memory, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    made = models.ForeignKey(Memory, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    said_key = models.BinaryField(max_length=32)
    said_sealed = models.BinaryField(default=b"")
    # The number of the revision that accepting made of the target; undoing goes back to before it.
    revision = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    said = SealedDict()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["memory", "said_key"], name="proposal_unique")]
        indexes: ClassVar = [
            models.Index(fields=["owner", "state", "-created_at", "-id"], name="proposal_of_owner"),
            models.Index(fields=["owner", "said_key"], name="proposal_by_words"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.memory_id}"
