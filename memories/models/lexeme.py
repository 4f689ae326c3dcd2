"""Statistics of an owner's words, for BM25: in how many chunks a word stands, and how many chunks there are."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Lexeme(models.Model):
    """In how many indexed chunks of an owner and embedding model a keyed term stands. Kept with the search index."""

    pk = models.CompositePrimaryKey("owner_id", "embedding_model_id", "term")
    owner_id = models.UUIDField()
    embedding_model_id = models.SmallIntegerField()
    term = models.BigIntegerField()
    chunks = models.IntegerField()

    class Meta:
        indexes: ClassVar = []

    def __str__(self) -> str:
        return f"term {self.term} in {self.chunks} chunks"


class IndexSize(models.Model):
    """How many chunks of an owner and embedding model are indexed, and how many lexemes they hold together."""

    pk = models.CompositePrimaryKey("owner_id", "embedding_model_id")
    owner_id = models.UUIDField()
    embedding_model_id = models.SmallIntegerField()
    chunks = models.BigIntegerField()
    lexemes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.chunks} chunks"
