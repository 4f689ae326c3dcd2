"""Curation of what enrichment found: rows to look at, names only with the permission to read content."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from enrichment.models import (
    Cluster,
    DuplicatePair,
    DuplicatePolicy,
    Enrichment,
    EnrichmentJob,
    EnrichmentSchedule,
    Entity,
    EntityChange,
    EntityName,
    FactVerdict,
    LlmCall,
    LlmSetting,
    MaintenanceRun,
    Mention,
    Placement,
    Point,
    Proposal,
    Relation,
    Rollup,
    RollupPart,
    StepPause,
    TextSketch,
    Topic,
    TopicChange,
    TopicRun,
)
from memories.admin.content import READ_CONTENT
from memshadow.lib.admin import ReadOnlyAdmin


class _Sealed(ReadOnlyAdmin):
    """What quotes memories is decrypted only for who may read content."""

    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    search_help_text = "An id, or the owner's e-mail address. Names are encrypted and cannot be searched here."

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Without the permission, sealed parts are not decrypted at all."""
        names: list[Any] = list(self.fields or ())
        if request.user.has_perm(READ_CONTENT):
            return names
        return [name for name in names if not name.endswith("_shown")]

    @admin.display(description="name")
    def name_shown(self, row: Entity | EntityName) -> str:
        """The name, decrypted."""
        return str(row.name)


@admin.register(Entity)
class EntityAdmin(_Sealed):
    """Entities: found by owner and kind."""

    list_display = (
        "id",
        "owner",
        "kind",
        "is_named_by_hand",
        "is_sorted_by_hand",
        "is_hidden",
        "merged_into_id",
        "created_at",
    )
    list_filter = ("kind", "is_hidden", "is_named_by_hand")
    fields = (
        "id",
        "owner",
        "kind",
        "name_shown",
        "is_named_by_hand",
        "is_sorted_by_hand",
        "is_hidden",
        "merged_into",
        "created_at",
    )


@admin.register(EntityName)
class EntityNameAdmin(_Sealed):
    """Names: whose each is, and by which rule."""

    list_display = ("id", "owner", "entity_id", "kind", "rule", "is_by_hand", "created_at")
    list_filter = ("kind", "rule", "is_by_hand")
    fields = ("id", "owner", "entity", "kind", "name_shown", "rule", "is_by_hand", "created_at")


@admin.register(Mention)
class MentionAdmin(_Sealed):
    """Mentions: which memory names what, and where."""

    list_display = ("id", "owner", "memory_id", "entity_id", "kind", "start", "end", "rule", "reason")
    list_filter = ("kind",)
    fields = ("id", "owner", "memory", "entity", "kind", "start", "end", "rule", "reason")


@admin.register(EntityChange)
class EntityChangeAdmin(_Sealed):
    """Corrections by people."""

    list_display = ("id", "owner", "entity_id", "action", "at", "undone_at")
    list_filter = ("action",)
    fields = ("id", "owner", "entity", "action", "at", "undone_at")


@admin.register(Relation)
class RelationAdmin(_Sealed):
    """Relations: what memories state, when it is true and since when it is known."""

    list_display = (
        "id",
        "owner",
        "memory_id",
        "subject_id",
        "object_id",
        "modality",
        "is_negated",
        "valid_from",
        "valid_to",
    )
    list_filter = ("modality", "is_negated", "is_end", "rule")
    fields = (
        "id",
        "owner",
        "memory",
        "stated_shown",
        "subject",
        "object",
        "start",
        "end",
        "is_negated",
        "is_end",
        "is_single",
        "modality",
        "confidence",
        "rule",
        "valid_from",
        "valid_to",
        "time_rule",
        "learnt_at",
        "unlearnt_at",
    )

    @admin.display(description="stated")
    def stated_shown(self, row: Relation) -> str:
        """Subject, predicate and object, decrypted."""
        return " – ".join(str(row.said.get(part, "")) for part in ("subject", "predicate", "object"))


@admin.register(FactVerdict)
class FactVerdictAdmin(_Sealed):
    """What people said to facts."""

    list_display = ("id", "owner", "action", "at", "undone_at")
    list_filter = ("action",)
    fields = ("id", "owner", "action", "ends_at", "at", "undone_at")


@admin.register(Point)
class PointAdmin(ReadOnlyAdmin):
    """Decisions and action items: where they stand and what people said of them, never their words."""

    list_display = ("id", "owner", "memory_id", "kind", "state", "is_by_hand", "due_on")
    list_filter = ("kind", "state")
    list_select_related = ("owner",)
    search_fields = ("=id", "=memory__id", "owner__email")
    exclude = ("said_sealed", "words_key")


@admin.register(Rollup)
class RollupAdmin(ReadOnlyAdmin):
    """Summaries of many memories: of what, of how many, and when they were made."""

    list_display = ("id", "owner", "kind", "day", "memory_count", "is_due", "attempts", "made_at")
    list_filter = ("kind", "is_due")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")


@admin.register(RollupPart)
class RollupPartAdmin(ReadOnlyAdmin):
    """Which memories summaries cite, never the words."""

    list_display = ("id", "owner", "rollup_id", "memory_id", "number", "start", "end")
    list_select_related = ("owner",)
    search_fields = ("=id", "=memory__id", "owner__email")
    exclude = ("words_sealed",)


@admin.register(LlmSetting)
class LlmSettingAdmin(ReadOnlyAdmin):
    """Who lets which model be asked, and how much a day."""

    list_display = ("owner", "is_on", "is_local", "model", "steps", "tokens_a_day", "usd_a_day", "rests_until")
    list_filter = ("is_on", "is_local")
    list_select_related = ("owner",)
    search_fields = ("owner__email",)


@admin.register(LlmCall)
class LlmCallAdmin(ReadOnlyAdmin):
    """Questions to language models: how they ended and what they took, never what was said."""

    list_display = ("id", "owner", "step", "host", "model", "ending", "input_tokens", "output_tokens", "created_at")
    list_filter = ("ending", "step")
    list_select_related = ("owner",)
    search_fields = ("=id", "=memory__id", "owner__email")
    exclude = ("said_sealed",)


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    """What models proposed and what became of it, never the words."""

    list_display = ("id", "owner", "memory_id", "kind", "state", "model", "created_at", "decided_at")
    list_filter = ("state", "kind")
    list_select_related = ("owner",)
    search_fields = ("=id", "=memory__id", "owner__email")
    exclude = ("said_sealed", "said_key")


@admin.register(Enrichment)
class EnrichmentAdmin(ReadOnlyAdmin):
    """Which steps were done on which memories, how long they took and why they failed; never what they found."""

    list_display = (
        "id",
        "owner",
        "memory_id",
        "step",
        "version",
        "state",
        "attempts",
        "took_ms",
        "error",
        "finished_at",
    )
    list_filter = ("state", "step")
    list_select_related = ("owner",)
    search_fields = ("=id", "=memory__id", "owner__email")
    ordering = ("-id",)
    exclude = ("result_sealed",)


@admin.register(EnrichmentJob)
class EnrichmentJobAdmin(ReadOnlyAdmin):
    """What people asked for."""

    list_display = ("id", "owner", "steps", "priority", "memories", "total", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    ordering = ("-created_at",)


@admin.register(EnrichmentSchedule)
class EnrichmentScheduleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """When the background looks for work by itself. Rows come and go with the tasks; when they run is yours."""

    list_display = ("label", "is_on", "every_minutes", "at", "weekday", "last_run_at", "next_run_at", "last_error")
    fields = ("label", "is_on", "every_minutes", "at", "weekday", "next_run_at", "last_run_at", "last_error")
    readonly_fields = ("label", "last_run_at", "last_error")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are of tasks that there are."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Switch it off instead."""
        return False


@admin.register(MaintenanceRun)
class MaintenanceRunAdmin(ReadOnlyAdmin):
    """What maintenance found and did. Ask for a run on the page Maintenance."""

    list_display = ("__str__", "state", "is_dry", "asked_at", "finished_at", "took_ms")
    list_filter = ("state", "is_dry")
    ordering = ("-asked_at",)


@admin.register(StepPause)
class StepPauseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Steps that rest; an empty name is all of them. Delete the row and they go on."""

    list_display = ("__str__", "since")
    fields = ("step",)


@admin.register(Topic)
class TopicAdmin(_Sealed):
    """Topics: found by owner."""

    list_display = ("id", "owner", "is_named_by_hand", "is_hidden", "merged_into_id", "created_at")
    list_filter = ("is_hidden", "is_named_by_hand")
    fields = ("id", "owner", "label_shown", "is_named_by_hand", "is_hidden", "merged_into", "created_at")

    @admin.display(description="label")
    def label_shown(self, row: Topic) -> str:
        """The label, decrypted."""
        return str(row.label)


@admin.register(TopicChange)
class TopicChangeAdmin(_Sealed):
    """Corrections of topics by people."""

    list_display = ("id", "owner", "topic_id", "action", "at", "undone_at")
    list_filter = ("action",)
    fields = ("id", "owner", "topic", "action", "at", "undone_at")


@admin.register(Cluster)
class ClusterAdmin(ReadOnlyAdmin):
    """Groups of vectors, and the topic of each."""

    list_display = ("id", "owner", "topic_id", "reach", "is_current", "created_at")
    list_filter = ("is_current",)
    list_select_related = ("owner",)
    search_fields = ("=id", "=topic__id", "owner__email")
    exclude = ("centre",)


@admin.register(Placement)
class PlacementAdmin(ReadOnlyAdmin):
    """Where each memory stands on the map, and in which cluster."""

    list_display = ("memory_id", "owner", "cluster_id", "nearness", "x", "y", "placed_at")
    list_select_related = ("owner",)
    search_fields = ("=memory__id", "owner__email")


@admin.register(TopicRun)
class TopicRunAdmin(ReadOnlyAdmin):
    """When an owner's memories were grouped last."""

    list_display = ("owner", "memories", "embedding_model_id", "grouped_at", "took_ms")
    list_select_related = ("owner",)
    search_fields = ("owner__email",)
    exclude = ("frame",)


@admin.register(DuplicatePair)
class DuplicatePairAdmin(ReadOnlyAdmin):
    """Near-duplicates, and what became of them."""

    list_display = ("id", "owner", "first_id", "second_id", "words", "meaning", "state", "is_by_machine", "decided_at")
    list_filter = ("state", "is_by_machine")
    list_select_related = ("owner",)
    search_fields = ("=id", "=first__id", "=second__id", "owner__email")


@admin.register(DuplicatePolicy)
class DuplicatePolicyAdmin(ReadOnlyAdmin):
    """What is done with near-duplicates without asking."""

    list_display = ("owner", "choice")
    list_select_related = ("owner",)


@admin.register(TextSketch)
class TextSketchAdmin(ReadOnlyAdmin):
    """Keyed hashes by which texts that share words meet."""

    list_display = ("memory_id", "owner")
    list_select_related = ("owner",)
    search_fields = ("=memory__id", "owner__email")
