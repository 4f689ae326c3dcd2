"""People in the administration: roles and access are managed here, secrets are not shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.audit import record
from accounts.flows.api_keys import revoke_api_key
from accounts.flows.erasing import ask_for_erasure, cancel_erasure
from accounts.models import (
    AccountErasure,
    ApiKey,
    AuditEvent,
    Consent,
    DataKey,
    Identity,
    Invitation,
    KeyRotation,
    Kind,
    KnownPlace,
    PasswordRecord,
    SecuritySignal,
    Session,
    Space,
    SpaceKey,
    SpaceOffer,
    SpaceShare,
    TokenFamily,
    User,
)
from accounts.oauth import administration as administration  # registers the apps
from memshadow.lib.admin import EstimatingPaginator, ReadOnlyAdmin
from memshadow.lib.client_address import client_address
from memshadow.lib.errors import MemshadowError, NotFound

_RIGHTS = ("is_staff", "groups", "user_permissions")


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

    actions = ("erase_accounts", "keep_accounts")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """People only; the principals of spaces are no accounts."""
        return super().get_queryset(request).filter(kind=Kind.PERSON)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Rights are the owner's to give: with the right to change people nobody gives themselves the others."""
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *_RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only an owner changes (and closes) the accounts of owners and administrators."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or request.user.is_superuser or not obj.may_manage)

    @admin.action(description="Erase these accounts after 14 days", permissions=["change"])
    def erase_accounts(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Ask for the erasure; until its day it can be cancelled here or by the person."""
        self._each(request, chosen, ask_for_erasure, "will be erased in 14 days")

    @admin.action(description="Keep these accounts (cancel their erasure)", permissions=["change"])
    def keep_accounts(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Cancel erasures that have not begun."""
        self._each(request, chosen, cancel_erasure, "stays")

    def _each(self, request: HttpRequest, chosen: QuerySet[User], act: Callable[..., object], said: str) -> None:
        for user in chosen:
            try:
                act(user=user, by=cast(User, request.user), address=client_address(request))
                self.message_user(request, f"{user.email} {said}.")
            except MemshadowError as error:
                self.message_user(request, f"{user.email}: {error.message}", messages.ERROR)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People come by invitation, so that they choose their password themselves."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Erased by the action, which waits, destroys the keys first, counts what is left and is audited."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        """Save and note who changed whom."""
        super().save_model(request, obj, form, change)
        actor = request.user if isinstance(request.user, User) else None
        record("account.changed", actor=actor, target=obj, fields=list(getattr(form, "changed_data", [])))


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin):
    """Who everybody is to the identity provider."""

    list_display = ("owner", "issuer", "subject", "created_at")
    search_fields = ("owner__email", "subject")
    list_select_related = ("owner",)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Everybody's API keys, without their secrets."""

    list_display = (
        "name",
        "prefix",
        "owner",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_address",
        "revoked_at",
    )
    list_filter = ("revoked_at",)
    list_select_related = ("owner",)
    search_fields = ("prefix", "name", "owner__email")
    exclude = ("secret_hash", "old_secret_hash")
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


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnlyAdmin):
    """Programs that signed in with a password, without their tokens."""

    list_display = ("owner", "agent", "address", "scopes", "created_at", "renewed_at", "revoked_at")
    list_select_related = ("owner",)
    search_fields = ("owner__email",)
    exclude = ("sign_in_hash",)


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


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is signed in from where; never the keys. Ending a session signs that device out at once."""

    list_display = ("user", "address", "user_agent", "started_at", "last_seen_at", "expire_date")
    list_select_related = ("user",)
    search_fields = ("user__email", "address")
    ordering = ("-last_seen_at",)
    exclude = ("session_key", "session_data")
    actions = ("end",)

    @admin.action(description="End", permissions=["end"])
    def end(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        """Sign these devices out."""
        actor = request.user if isinstance(request.user, User) else None
        for row in rows:
            record("session.ended", actor=actor, object_id=str(row.device_id), user=str(row.user_id))
        rows.delete()

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Needs the right to change sessions."""
        return request.user.has_perm("accounts.change_session")


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


@admin.register(KeyRotation)
class KeyRotationAdmin(ReadOnlyAdmin):
    """Whose data key is or was made anew, and how far that is."""

    list_display = ("owner", "to_version", "state", "rows_done", "rows_total", "started_at", "finished_at")
    list_select_related = ("owner",)


@admin.register(AccountErasure)
class AccountErasureAdmin(ReadOnlyAdmin):
    """Accounts that are to be or were erased, with what was left of them."""

    list_display = ("account_id", "state", "asked_at", "due_at", "finished_at")
    list_filter = ("state",)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """What everybody agreed to, and when they withdrew it."""

    list_display = ("owner", "purpose", "version", "given_at", "withdrawn_at")
    list_select_related = ("owner",)


@admin.register(SecuritySignal)
class SecuritySignalAdmin(ReadOnlyAdmin):
    """What people were warned of."""

    list_display = ("owner", "kind", "device", "created_at", "dismissed_at", "mailed_at")
    list_filter = ("kind",)
    list_select_related = ("owner",)


@admin.register(KnownPlace)
class KnownPlaceAdmin(ReadOnlyAdmin):
    """Where people and their keys have come from before."""

    list_display = ("owner", "subject", "network", "device", "first_seen_at")
    list_select_related = ("owner",)


@admin.register(Space)
class SpaceAdmin(ReadOnlyAdmin):
    """Spaces, their names sealed."""

    list_display = ("id", "created_at")
    search_fields = ("=id",)
    ordering = ("-created_at",)
    exclude = ("name_sealed",)


@admin.register(SpaceShare)
class SpaceShareAdmin(ReadOnlyAdmin):
    """With whom spaces are shared, and in which role."""

    list_display = ("space", "person", "group", "role", "given_by", "created_at")
    list_filter = ("role",)
    list_select_related = ("space", "person", "group", "given_by")
    search_fields = ("=space__id", "person__email", "group__name")
    ordering = ("-created_at",)


@admin.register(SpaceOffer)
class SpaceOfferAdmin(ReadOnlyAdmin):
    """Offers of spaces that nobody has answered."""

    list_display = ("space", "email", "role", "given_by", "created_at")
    list_filter = ("role",)
    list_select_related = ("space", "given_by")
    search_fields = ("=space__id", "email")
    ordering = ("-created_at",)


@admin.register(SpaceKey)
class SpaceKeyAdmin(ReadOnlyAdmin):
    """Which members hold which keys of a space; never the keys."""

    list_display = ("space", "owner", "purpose", "version", "created_at")
    list_select_related = ("space", "owner")
    search_fields = ("=space__id", "owner__email")
    exclude = ("secret_sealed",)
