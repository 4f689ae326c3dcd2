"""What goes between this server and other programs: repeated requests, webhooks."""

from __future__ import annotations

from django.contrib import admin

from memories.models import IdempotencyRecord, Webhook, WebhookDelivery
from memshadow.lib.admin import ReadOnlyAdmin


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Requests that can be repeated safely."""

    list_display = ("id", "owner", "created_at")
    list_select_related = ("owner",)
    exclude = ("key_hash", "request_hash")


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    """Who else is told of events, the addresses sealed."""

    list_display = ("id", "owner", "events", "is_active", "failing_since", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    exclude = ("url_sealed", "secret_sealed")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Messages of webhooks and how they fared."""

    list_display = ("id", "owner", "event", "state", "attempts", "status", "trouble", "due_at", "created_at")
    list_filter = ("state", "event")
    list_select_related = ("owner",)
    search_fields = ("=id", "=webhook__id", "owner__email")
