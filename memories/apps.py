"""Memories: capture, search, import, export."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.signals import request_finished
from django.db.models.signals import post_migrate


class MemoriesConfig(AppConfig):
    name = "memories"
    verbose_name = "Memories"

    def ready(self) -> None:
        """There is always a model; and the embedding counters are stored between requests."""
        from memories.embedding_usage import flush_if_due

        post_migrate.connect(_keep_a_model, sender=self)
        request_finished.connect(flush_if_due, dispatch_uid="embedding-usage")


def _keep_a_model(**_: Any) -> None:
    """A database that was emptied gets the model that ships with the product again."""
    from memories.services.embedding_models import keep_default_model

    keep_default_model()
