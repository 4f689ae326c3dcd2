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
        """There is always a model, the embedding counters are stored between requests, and keys can be rotated."""
        from accounts.flows.rotating import has_sealed_files
        from accounts.server_keys import on_rotation
        from memories.embedding_usage import flush_if_due
        from memories.services.embedding_models import seal_api_keys_again
        from memories.services.importing import uploads_of

        post_migrate.connect(_keep_a_model, sender=self)
        has_sealed_files(uploads_of)
        on_rotation("embedding-models", seal_api_keys_again)
        request_finished.connect(flush_if_due, dispatch_uid="embedding-usage")


def _keep_a_model(**_: Any) -> None:
    """A database that was emptied gets the model that ships with the product again."""
    from memories.services.embedding_models import keep_default_model

    keep_default_model()
