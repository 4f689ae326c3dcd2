"""Which models context is prepared for, and what people said of it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts.models import User
from memories.context import FORMATS, LAYOUTS, STYLES
from memories.context.adding import checked, note_server_target
from memories.models import ContextTarget, ContextVerdict
from memshadow.lib.admin import EstimatingPaginator, ReadOnlyAdmin
from memshadow.lib.errors import MemshadowError


def _choice(values: tuple[str, ...]) -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=[("", "As its provider's"), *((name, name) for name in values)])


class ServerTargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """A target of the server, judged as people's own are."""

    format = _choice(FORMATS)
    style = _choice(STYLES)
    layout = _choice(LAYOUTS)

    class Meta:
        model = ContextTarget
        exclude = ("owner", "created_at")  # noqa: DJ006 - the owner of what is made here is the server

    def clean(self) -> dict[str, Any]:
        """By the rules of the service; one name once, which the database cannot say in words."""
        data = super().clean() or {}
        try:
            data |= checked(data)
        except MemshadowError as error:
            self.add_error(str(error.details.get("field")), error.message)
        same = ContextTarget.objects.filter(owner=None, name=data.get("name", "")).exclude(pk=self.instance.pk)
        if same.exists():
            self.add_error("name", "The server has a model of this name already; change that one.")
        return data


@admin.register(ContextTarget)
class ContextTargetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Models that were added to the shipped ones: the server's are managed here, people's own are only shown."""

    form = ServerTargetForm
    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50
    list_display = ("name", "owner", "provider", "window", "output", "format", "created_at")
    list_filter = ("provider", ("owner", admin.EmptyFieldListFilter))
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: ContextTarget | None = None) -> bool:
        """What a person added is theirs."""
        return super().has_change_permission(request, obj) and (obj is None or obj.owner_id is None)

    def has_delete_permission(self, request: HttpRequest, obj: ContextTarget | None = None) -> bool:
        """As for changing."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.owner_id is None)

    def save_model(self, request: HttpRequest, obj: ContextTarget, form: object, change: bool) -> None:
        """Save, and into the trail."""
        super().save_model(request, obj, form, change)
        note_server_target(action="changed" if change else "added", target=obj, by=cast(User, request.user))

    def delete_model(self, request: HttpRequest, obj: ContextTarget) -> None:
        """Into the trail, while it has its id, and remove."""
        note_server_target(action="removed", target=obj, by=cast(User, request.user))
        super().delete_model(request, obj)


@admin.register(ContextVerdict)
class ContextVerdictAdmin(ReadOnlyAdmin):
    """Contexts that were too long or missed something."""

    list_display = ("id", "owner", "verdict", "retrieval", "created_at")
    list_filter = ("verdict",)
    list_select_related = ("owner", "retrieval")
    search_fields = ("owner__email",)
    ordering = ("-created_at",)
