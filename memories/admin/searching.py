"""What search runs on and has learnt: models, questions, verdicts, rules."""

from __future__ import annotations

from django.contrib import admin

from memories.models import (
    EmbeddingModel,
    EmbeddingUsage,
    Feedback,
    IndexReport,
    LearntRule,
    Retrieval,
    RuleEvidence,
    SavedSearch,
)
from memshadow.lib.admin import ReadOnlyAdmin


@admin.register(EmbeddingModel)
class EmbeddingModelAdmin(ReadOnlyAdmin):
    """The generations of vectors."""

    list_display = ("id", "name", "provider", "dimension", "state", "created_at")
    list_filter = ("state", "provider")


@admin.register(Retrieval)
class RetrievalAdmin(ReadOnlyAdmin):
    """Searches that were made; the questions stay sealed."""

    list_display = ("id", "owner", "via", "plan", "hit_count", "top_score", "took_ms", "helped", "asked_at")
    list_filter = ("via", "plan", "helped")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    ordering = ("-asked_at",)
    exclude = ("question_sealed", "question_key")


@admin.register(Feedback)
class FeedbackAdmin(ReadOnlyAdmin):
    """What people thought of results, and what they used."""

    list_display = ("id", "owner", "memory", "verdict", "implicit", "via", "created_at")
    list_filter = ("verdict", "implicit", "via")
    list_select_related = ("owner",)
    search_fields = ("=memory__id", "owner__email")
    ordering = ("-created_at",)
    exclude = ("question_sealed", "question_key", "terms")


@admin.register(LearntRule)
class LearntRuleAdmin(ReadOnlyAdmin):
    """What search has learnt; the words stay sealed."""

    list_display = ("id", "owner", "kind", "state", "strength", "created_at")
    list_filter = ("kind", "state")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    ordering = ("-created_at",)
    exclude = ("payload_sealed", "rule_key", "from_terms", "back_terms")


@admin.register(RuleEvidence)
class RuleEvidenceAdmin(ReadOnlyAdmin):
    """Which memory and feedback taught which rule."""

    list_display = ("rule", "owner", "memory", "weight", "created_at")
    list_select_related = ("owner", "rule")
    search_fields = ("=rule__id", "=memory__id", "owner__email")
    exclude = ("question_key",)


@admin.register(SavedSearch)
class SavedSearchAdmin(ReadOnlyAdmin):
    """Searches that people keep, their names and words sealed."""

    list_display = ("id", "owner", "created_at", "last_used_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    exclude = ("name_sealed", "name_key", "query_sealed")


@admin.register(EmbeddingUsage)
class EmbeddingUsageAdmin(ReadOnlyAdmin):
    """How much was embedded, by model, hour and purpose."""

    list_display = ("model_name", "hour", "purpose", "texts", "tokens", "cached", "calls", "errors", "busy_s")
    list_filter = ("model_name", "purpose")
    ordering = ("-hour",)


@admin.register(IndexReport)
class IndexReportAdmin(ReadOnlyAdmin):
    """Reports on the search index."""

    list_display = ("id", "owner", "created_at", "took_ms")
    list_select_related = ("owner",)
    ordering = ("-created_at",)
