"""What apps above have found out about memories, dropped where it must not outlive a text or its owner."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.apps import apps

from memories.models import Memory


def drop_derived(memory_ids: Collection[UUID]) -> None:
    """Delete every row of another app that refers to these memories; enrichment finds again what it may read."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label == Memory._meta.app_label:
            continue
        for reference in model._meta.concrete_fields:
            if reference.related_model is Memory:
                model._base_manager.filter(**{f"{reference.name}__in": memory_ids}).delete()
