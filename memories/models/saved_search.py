"""Saved searches: questions that their owner asks again and again, under a name."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sealed import SealedText
from memshadow.lib.ids import new_id


class SavedSearch(models.Model):
    """A name and a query with its filters, in the language of the search box. `name_key` finds the name."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches")
    name_sealed = models.BinaryField()
    name_key = models.BinaryField(max_length=32)
    query_sealed = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)

    name = SealedText()
    query = SealedText()

    class Meta:
        verbose_name_plural = "saved searches"
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "name_key"], name="saved_search_name_unique")]

    def __str__(self) -> str:
        return f"saved search {self.id}"
