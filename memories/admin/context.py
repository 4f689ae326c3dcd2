"""Which models context is prepared for, and what people said of it."""

from __future__ import annotations

from django.contrib import admin

from memories.models import ContextTarget, ContextVerdict
from memshadow.lib.admin import ReadOnlyAdmin


@admin.register(ContextTarget)
class ContextTargetAdmin(ReadOnlyAdmin):
    """Models that people added to the shipped ones."""

    list_display = ("name", "owner", "provider", "window", "output", "format", "created_at")
    list_filter = ("provider",)
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")


@admin.register(ContextVerdict)
class ContextVerdictAdmin(ReadOnlyAdmin):
    """Contexts that were too long or missed something."""

    list_display = ("id", "owner", "verdict", "retrieval", "created_at")
    list_filter = ("verdict",)
    list_select_related = ("owner", "retrieval")
    search_fields = ("owner__email",)
    ordering = ("-created_at",)
