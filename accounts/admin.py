"""People in the administration: roles and access are managed here, secrets are not shown."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.audit import record
from accounts.flows.api_keys import revoke_api_key
from accounts.models import ApiKey, AuditEvent, DataKey, Invitation, PasswordRecord, User
from memshadow.lib.admin import EstimatingPaginator, ReadOnlyAdmin
from memshadow.lib.errors import NotFound


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Name, role, access and permissions of a person. New people come by invitation."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    list_display = ("email", "display_name", "role", "is_active", "is_staff", "last_login", "created_at")
    list_filter = ("role", "is_active", "is_staff")
    search_fields = ("email", "display_name")
    ordering = ("email",)
    fields = (
        "email",
        "display_name",
        "role",
        "is_active",
        "is_staff",
        "groups",
        "user_permissions",
        "last_login",
        "created_at",
    )
    readonly_fields = ("email", "role", "last_login", "created_at")
    filter_horizontal = ("groups", "user_permissions")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People come by invitation, so that they choose their password themselves."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Deactivate instead: deleting a person destroys their data key, and all they ever wrote."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        """Save and note who changed whom."""
        super().save_model(request, obj, form, change)
        actor = request.user if isinstance(request.user, User) else None
        record("account.changed", actor=actor, target=obj, fields=list(getattr(form, "changed_data", [])))


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Everybody's API keys, without their secrets."""

    list_display = ("name", "prefix", "owner", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at",)
    list_select_related = ("owner",)
    search_fields = ("prefix", "name", "owner__email")
    exclude = ("secret_hash",)
    actions = ("revoke",)

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        """Make keys worthless at once."""
        for key in rows.select_related("owner"):
            try:
                revoke_api_key(owner=key.owner, key_id=key.id)
            except NotFound:
                continue

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Needs the right to change API keys."""
        return request.user.has_perm("accounts.change_apikey")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was invited, and whether they came."""

    list_display = ("email", "role", "created_by", "created_at", "expires_at", "used_at", "revoked_at")
    list_filter = ("role",)
    list_select_related = ("created_by",)
    exclude = ("token_hash",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """What was done, by whom."""

    list_display = ("created_at", "action", "actor", "object_type", "object_id", "address")
    list_filter = ("action",)
    list_select_related = ("actor",)
    search_fields = ("=object_id", "actor__email", "action")
    ordering = ("-created_at",)


@admin.register(DataKey)
class DataKeyAdmin(ReadOnlyAdmin):
    """Which keys exist; never the keys."""

    list_display = ("owner", "purpose", "version", "created_at")
    list_select_related = ("owner",)
    exclude = ("wrapped",)


@admin.register(PasswordRecord)
class PasswordRecordAdmin(ReadOnlyAdmin):
    """When passwords were changed; never the passwords."""

    list_display = ("user", "created_at")
    list_select_related = ("user",)
    exclude = ("password",)
