"""The gateway: servers of language models, calls to them, and limits."""

from __future__ import annotations

from django.contrib import admin

from memories.models import GatewayCall, GatewayLimit, GatewayUpstream
from memshadow.lib.admin import ReadOnlyAdmin


@admin.register(GatewayUpstream)
class GatewayUpstreamAdmin(ReadOnlyAdmin):
    """Servers that people named; never their keys."""

    list_display = ("name", "owner", "provider", "base_url", "is_default", "created_at")
    list_filter = ("provider", "is_default")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")
    exclude = ("api_key_sealed",)


@admin.register(GatewayCall)
class GatewayCallAdmin(ReadOnlyAdmin):
    """Calls that went through, with what they cost."""

    list_display = (
        "id",
        "owner",
        "dialect",
        "upstream",
        "model",
        "status",
        "ending",
        "memory_state",
        "input_tokens",
        "output_tokens",
        "cost_microusd",
        "took_ms",
        "created_at",
    )
    list_filter = ("dialect", "ending", "memory_state", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    ordering = ("-created_at",)
    exclude = ("prompt_key", "reply_key")


@admin.register(GatewayLimit)
class GatewayLimitAdmin(ReadOnlyAdmin):
    """How much people and their keys may use."""

    list_display = ("id", "owner", "api_key", "tokens_a_day", "usd_a_month", "by_administrator")
    list_filter = ("by_administrator",)
    list_select_related = ("owner", "api_key")
    search_fields = ("owner__email",)
