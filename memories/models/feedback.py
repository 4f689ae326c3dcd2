"""What was asked, what helped, and what search has learnt from it. Everything that quotes a person is sealed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.sealed import SealedDict, SealedText
from memories.models.memory import Memory
from memshadow.lib.ids import new_id


class Via(models.TextChoices):
    """The face through which somebody asked or judged."""

    DASHBOARD = "dashboard", "Dashboard"
    API = "api", "API"
    GATEWAY = "gateway", "Gateway"
    EXTENSION = "extension", "Extension"
    MCP = "mcp", "Agent"


class Verdict(models.TextChoices):
    """What became of a memory that was shown. `passed`: looked past on the way to one that helped; never by hand."""

    USEFUL = "useful", "Useful"
    NOT_USEFUL = "not_useful", "Not useful"
    PASSED = "passed", "Passed over"


class Use(models.TextChoices):
    """How a memory was used without a word about it."""

    OPENED = "opened", "Opened"
    COPIED = "copied", "Copied"
    INJECTED = "injected", "Put into a prompt"


class Retrieval(models.Model):
    """One question and what it was answered with. Pruned after RETRIEVAL_LOG_DAYS.

    `question_key` is the keyed hash by which the same question meets itself. `memory_ids` in the order shown, with
    their `scores` in thousandths. `continued`: a further page of an answer, which statistics leave out. `helped`: what
    was said of this answer (None: nothing), `used`: that something of it was opened, copied or put into a prompt.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="retrievals")
    question_sealed = models.BinaryField(default=b"")
    question_key = models.BinaryField(max_length=32)
    asked_at = models.DateTimeField(default=timezone.now)
    via = models.CharField(max_length=10, choices=Via.choices, default=Via.API)
    took_ms = models.FloatField(default=0)
    plan = models.CharField(max_length=8, blank=True)
    hit_count = models.PositiveSmallIntegerField(default=0)
    top_score = models.FloatField(default=0)
    memory_ids = ArrayField(models.UUIDField(), default=list)
    scores = ArrayField(models.SmallIntegerField(), default=list)
    continued = models.BooleanField(default=False)
    helped = models.BooleanField(null=True)
    used = models.BooleanField(default=False)

    question = SealedText()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "-asked_at", "-id"], name="retrieval_recent"),
            models.Index(fields=["owner", "question_key"], name="retrieval_question"),
            models.Index(fields=["asked_at"], name="retrieval_age"),
        ]

    def __str__(self) -> str:
        return f"retrieval {self.id}"


class Feedback(models.Model):
    """The one current verdict on a memory for a question: changing one's mind replaces it.

    `question_key` is empty for a verdict without a question. `terms` are the keyed lexemes of the question's words, by
    which similar questions are found. `implicit`: seen from its use (`how`), which counts less than a person's word.
    `learnt_at`: None while learning has not looked at it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="feedback")
    retrieval = models.ForeignKey(Retrieval, on_delete=models.SET_NULL, null=True, blank=True, related_name="feedback")
    question_sealed = models.BinaryField(default=b"")
    question_key = models.BinaryField(max_length=32, default=b"")
    terms = ArrayField(models.CharField(max_length=11), default=list)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    implicit = models.BooleanField(default=False)
    how = models.CharField(max_length=10, choices=Use.choices, blank=True)
    via = models.CharField(max_length=10, choices=Via.choices, default=Via.API)
    created_at = models.DateTimeField(default=timezone.now)
    learnt_at = models.DateTimeField(null=True, blank=True)

    question = SealedText()

    class Meta:
        verbose_name_plural = "feedback"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "memory", "question_key"], name="feedback_one_verdict")
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at", "-id"], name="feedback_recent"),
            models.Index(
                fields=["created_at"],
                condition=Q(learnt_at=None, verdict=Verdict.USEFUL),
                name="feedback_to_learn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict}: {self.memory_id}"


class LearntRule(models.Model):
    """Words that search adds to a question, learnt from feedback or from the owner's own text.

    `rule_key` is the keyed hash of kind and words: a rule is learnt once. It applies to a question that holds all of
    `from_terms` (keyed lexemes) and then adds the words `to` of its payload; an acronym also the other way round, by
    `back_terms`. A rule that its owner removed stays as a tombstone, so that it is not learnt again.
    """

    class Kind(models.TextChoices):
        ACRONYM = "acronym", "Acronym"
        SYNONYM = "synonym", "Synonym"
        EXPANSION = "expansion", "Expansion"

    class State(models.TextChoices):
        CANDIDATE = "candidate", "Not sure yet"
        ACTIVE = "active", "In use"
        REMOVED = "removed", "Removed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="learnt_rules")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CANDIDATE)
    rule_key = models.BinaryField(max_length=32)
    from_terms = ArrayField(models.CharField(max_length=11), default=list)
    back_terms = ArrayField(models.CharField(max_length=11), default=list)
    payload_sealed = models.BinaryField(default=b"")
    strength = models.FloatField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    activated_at = models.DateTimeField(null=True, blank=True)

    payload = SealedDict()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "rule_key"], name="learnt_rule_unique")]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at", "-id"], name="learnt_rule_recent"),
            GinIndex(fields=["from_terms", "back_terms"], name="learnt_rule_terms", condition=Q(state="active")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class RuleEvidence(models.Model):
    """What taught a rule. Without evidence a rule goes: it falls with the memory or the verdict that it came from.

    `question_key` makes one question count once, however often it is asked; empty for an acronym in a memory.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    rule = models.ForeignKey(LearntRule, on_delete=models.CASCADE, related_name="evidence")
    memory = models.ForeignKey(Memory, on_delete=models.CASCADE, related_name="+")
    feedback = models.ForeignKey(Feedback, on_delete=models.CASCADE, null=True, blank=True, related_name="evidence")
    question_key = models.BinaryField(max_length=32, default=b"")
    weight = models.FloatField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "memory", "question_key"], name="rule_evidence_unique")
        ]

    def __str__(self) -> str:
        return f"evidence of {self.rule_id}"
