"""Curation of memories: the services' own actions, and a record of every look at decrypted content."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.audit import record
from accounts.models import User
from memories import indexing
from memories.models import (
    Conversation,
    ImportJob,
    Memory,
    MemoryLink,
    MemoryMove,
    MemoryRevision,
    MemoryTag,
    SealedVectors,
    Tag,
)
from memories.services.lifecycle import archive_memory, restore_memory
from memories.services.merging import merge_memories
from memories.services.revising import By
from memshadow.lib.admin import ReadOnlyAdmin
from memshadow.lib.errors import MemshadowError

READ_CONTENT = "memories.read_content"
_HIDDEN = "sealed (needs the permission to read content)"


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the admin site lets nobody else in
    return request.user


@admin.register(Memory)
class MemoryAdmin(ReadOnlyAdmin):
    """Memories: found by owner, state and source; read only with the permission, and every look is recorded."""

    list_display = (
        "id",
        "owner",
        "kind",
        "role",
        "source",
        "state",
        "pinned",
        "index_state",
        "size_bytes",
        "occurred_at",
    )
    list_filter = ("state", "kind", "index_state", "source", "pinned", "language")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    search_help_text = "An id, or the owner's e-mail address. Content is encrypted and cannot be searched here."
    ordering = ("-created_at",)
    date_hierarchy = None
    actions = ("archive", "restore", "reindex", "merge")
    fields = (
        "id",
        "owner",
        "kind",
        "role",
        "source",
        "state",
        "content_shown",
        "author_shown",
        "tags_shown",
        "persona",
        "conversation",
        "language",
        "importance",
        "pinned",
        "size_bytes",
        "sightings",
        "revision_count",
        "occurred_at",
        "created_at",
        "updated_at",
        "index_state",
        "index_attempts",
        "index_error",
        "indexed_at",
    )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """One memory. A look by somebody who may read its content goes into the audit trail."""
        response = super().change_view(request, object_id, form_url, extra_context)
        memory = self.get_object(request, object_id)
        if memory is not None and request.user.has_perm(READ_CONTENT):
            actor = _actor(request)
            record("content.read", actor=actor, target=memory, owner=str(memory.owner_id))
        return response

    def get_fields(self, request: HttpRequest, obj: Memory | None = None) -> list[Any]:
        """Without the permission, the sealed parts are not decrypted at all."""
        names: list[Any] = list(self.fields)
        if request.user.has_perm(READ_CONTENT):
            return names
        return [name for name in names if not name.endswith("_shown")]

    @admin.display(description="content")
    def content_shown(self, memory: Memory) -> str:
        """The text, decrypted; what its owner sealed, nobody here can read."""
        return "(sealed by its owner)" if memory.is_sealed else str(memory.content)

    @admin.display(description="author")
    def author_shown(self, memory: Memory) -> str:
        """Who said it, decrypted."""
        return str(memory.author)

    @admin.display(description="tags")
    def tags_shown(self, memory: Memory) -> str:
        """The tags, decrypted."""
        return ", ".join(sorted(tag.name for tag in memory.tags.all()))

    @admin.action(description="Archive", permissions=["curate"])
    def archive(self, request: HttpRequest, rows: QuerySet[Memory]) -> None:
        """Archive through the service, as the memory's owner would."""
        self._each(request, rows, "archived", archive_memory)

    @admin.action(description="Restore (from archive, trash or supersession)", permissions=["curate"])
    def restore(self, request: HttpRequest, rows: QuerySet[Memory]) -> None:
        """Restore through the service."""
        self._each(request, rows, "restored", restore_memory)

    @admin.action(description="Index again", permissions=["curate"])
    def reindex(self, request: HttpRequest, rows: QuerySet[Memory]) -> None:
        """Queue the vectors to be made again."""
        count = indexing.queue_again(rows)
        self.message_user(request, f"{count} memories will be indexed again.", messages.SUCCESS)

    @admin.action(description="Merge into the oldest of them", permissions=["curate"])
    def merge(self, request: HttpRequest, rows: QuerySet[Memory]) -> None:
        """Merge duplicates of one owner."""
        chosen = list(rows.select_related("owner").order_by("created_at"))
        if len({memory.owner_id for memory in chosen}) != 1:
            self.message_user(request, "Choose memories of one owner.", messages.ERROR)
            return
        keep, *rest = chosen
        try:
            merge_memories(
                owner=keep.owner, keep_id=keep.id, other_ids=[m.id for m in rest], by=By(_actor(request), via="admin")
            )
        except MemshadowError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            self.message_user(request, f"{len(rest)} memories were merged into {keep.id}.", messages.SUCCESS)

    def has_curate_permission(self, request: HttpRequest) -> bool:
        """Curation needs the right to change memories."""
        return request.user.has_perm("memories.change_memory")

    def _each(self, request: HttpRequest, rows: QuerySet[Memory], done: str, service: object) -> None:
        by, count = By(_actor(request), via="admin"), 0
        for memory in rows.select_related("owner"):
            try:
                service(owner=memory.owner, memory_id=memory.id, by=by)  # type: ignore[operator]
                count += 1
            except MemshadowError as error:
                self.message_user(request, f"{memory.id}: {error.message}", messages.ERROR)
        self.message_user(request, f"{count} memories were {done}.", messages.SUCCESS)


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    """Conversations, their titles sealed."""

    list_display = ("id", "owner", "source", "model", "started_at", "ended_at")
    list_filter = ("source",)
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    ordering = ("-started_at",)
    exclude = ("external_id_sealed", "external_key", "title_sealed")


@admin.register(Tag)
class TagAdmin(ReadOnlyAdmin):
    """Tags, their names sealed."""

    list_display = ("id", "owner", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    exclude = ("name_sealed", "name_key")


@admin.register(MemoryTag)
class MemoryTagAdmin(ReadOnlyAdmin):
    """Which memory carries which tag."""

    list_display = ("id", "owner", "memory", "tag")
    list_select_related = ("owner",)
    search_fields = ("=memory__id", "owner__email")


@admin.register(MemoryRevision)
class MemoryRevisionAdmin(ReadOnlyAdmin):
    """What changed, by whom and why; the snapshots stay sealed."""

    list_display = ("memory", "number", "action", "owner", "actor", "via", "reason", "created_at")
    list_filter = ("action", "via")
    list_select_related = ("owner", "actor")
    search_fields = ("=memory__id", "owner__email")
    ordering = ("-created_at",)
    exclude = ("snapshot_sealed",)


@admin.register(MemoryLink)
class MemoryLinkAdmin(ReadOnlyAdmin):
    """Links between memories."""

    list_display = ("from_memory", "relation", "to_memory", "owner", "reason", "created_at")
    list_filter = ("relation",)
    list_select_related = ("owner",)
    search_fields = ("=from_memory__id", "=to_memory__id", "owner__email")


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyAdmin):
    """Imports and how far they are."""

    list_display = ("id", "owner", "format", "state", "imported", "duplicates", "skipped", "failed", "created_at")
    list_filter = ("state", "format", "dry_run")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    ordering = ("-created_at",)
    exclude = ("filename_sealed", "report_sealed")


@admin.register(MemoryMove)
class MemoryMoveAdmin(ReadOnlyAdmin):
    """Memories on their way into spaces and back, and how far they are."""

    list_display = ("id", "owner", "space", "way", "what", "state", "total", "moved", "merged", "failed", "created_at")
    list_filter = ("state", "way", "what")
    list_select_related = ("owner", "space")
    search_fields = ("=id", "=space__id", "owner__email")
    ordering = ("-created_at",)


@admin.register(SealedVectors)
class SealedVectorsAdmin(ReadOnlyAdmin):
    """Of which sealed memories their owners' clients sent vectors, and by which models; never the vectors."""

    list_display = ("id", "owner", "memory", "model_name", "count", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=memory__id", "owner__email")
    exclude = ("packed",)
