"""The search index: one row a chunk and embedding model, partitioned by the hash of the owner."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone
from pgvector.django import HalfVectorField


class SearchEntry(models.Model):
    """Derived from a memory and rebuilt from it at any time; nothing refers to it.

    Plain columns instead of foreign keys: the index must be loadable, droppable and distributable on its own.
    `lexemes` holds keyed hashes with positions, never words; `term_counts` how often each stands here
    (see keyed_terms). `words` and `chunks` are those of the whole memory. `cues` says what the
    chunk holds (see questions.Cue). `embedding` and `token_signs` (48 bytes a token: the signs of its vector) are NULL
    until a worker has been here; only short memories have token signs.
    """

    pk = models.CompositePrimaryKey("owner_id", "embedding_model_id", "memory_id", "chunk")
    owner_id = models.UUIDField()
    embedding_model_id = models.SmallIntegerField()
    memory_id = models.UUIDField()
    chunk = models.SmallIntegerField()
    span_start = models.IntegerField()
    span_end = models.IntegerField()
    kind = models.CharField(max_length=12)
    role = models.CharField(max_length=12, default="")
    source = models.CharField(max_length=40)
    state = models.CharField(max_length=12)
    persona_id = models.UUIDField(null=True)
    conversation_id = models.UUIDField(null=True)
    tag_ids = ArrayField(models.UUIDField(), default=list)
    pinned = models.BooleanField(default=False)
    importance = models.FloatField(default=0.5)
    occurred_at = models.DateTimeField()
    lexemes = SearchVectorField(null=True)
    lexeme_count = models.IntegerField(default=0)
    term_counts = models.BinaryField(default=b"")
    words = models.IntegerField(default=0)
    chunks = models.SmallIntegerField(default=1)
    cues = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    embedding = HalfVectorField(null=True)
    token_signs = models.BinaryField(null=True)
    # Of a memory that its owner sealed: it has vectors but no words.
    sealed = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes: ClassVar = []

    def __str__(self) -> str:
        return f"chunk {self.chunk} of {self.memory_id}"
