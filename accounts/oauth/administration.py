"""Apps in the administration: made and shown out here, by who may change them; tokens and codes are not to be seen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import AccessToken, Application, Grant, IDToken, RefreshToken

from accounts.audit import record
from accounts.models import AppConnection, User
from accounts.oauth.clients import DEVICE_GRANT
from accounts.oauth.connections import end_all_tokens
from accounts.oauth.redirects import check_redirects
from memshadow.lib.admin import EstimatingPaginator, ReadOnlyAdmin
from memshadow.lib.errors import ValidationFailed

for _model in (Application, AccessToken, Grant, IDToken, RefreshToken):
    admin.site.unregister(_model)


class ApplicationForm(forms.ModelForm):  # type: ignore[type-arg]
    """An app; its secret can be read on the page that makes it, and never again."""

    client_secret = forms.CharField(
        required=False,
        initial=generate_client_secret,
        help_text="For confidential apps: copy it now. Only a hash of it is stored. Empty: it stays as it is.",
    )

    class Meta:
        model = Application
        fields = ("name", "client_type", "authorization_grant_type", "redirect_uris", "client_secret")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(Application.GRANT_AUTHORIZATION_CODE, "Browser"), (DEVICE_GRANT, "Typed code")]
        self.fields["authorization_grant_type"].choices = kinds  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["client_secret"] = ""

    def clean_redirect_uris(self) -> str:
        """Safe addresses, with spaces between."""
        uris: str = self.cleaned_data["redirect_uris"]
        if uris.strip():
            try:
                check_redirects(uris.split())
            except ValidationFailed as error:
                raise forms.ValidationError(error.message) from error
        return " ".join(uris.split())

    def clean_client_secret(self) -> str:
        """A new secret, or the old one's hash."""
        return str(self.cleaned_data["client_secret"] or self.instance.client_secret or generate_client_secret())

    def _post_clean(self) -> None:
        """The model's own rules know fewer schemes than accounts/oauth/redirects.py, which has just looked."""
        self.instance = forms.models.construct_instance(self, self.instance, self._meta.fields)


@admin.register(Application)
class ApplicationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The apps that may ask people for access: those made here, and those that registered themselves."""

    form = ApplicationForm
    paginator = EstimatingPaginator
    show_full_result_count = False
    list_display = ("name", "client_id", "client_type", "registration_source", "created")
    list_filter = ("registration_source", "client_type")
    search_fields = ("name", "client_id")
    readonly_fields = ("client_id", "registration_source")
    actions = ("show_out",)

    def save_model(self, request: HttpRequest, obj: Application, form: object, change: bool) -> None:
        """Save and note who made or changed it."""
        super().save_model(request, obj, form, change)
        record("oauth.app_changed" if change else "oauth.app_made", actor=_actor(request), target=obj)

    @admin.action(description="Disconnect for everybody", permissions=["change"])
    def show_out(self, request: HttpRequest, rows: QuerySet[Application]) -> None:
        """End all tokens of these apps."""
        for row in rows:
            end_all_tokens(application=row, actor=_actor(request))


@admin.register(AppConnection)
class AppConnectionAdmin(ReadOnlyAdmin):
    """Who let which app in."""

    list_display = ("application", "owner", "scopes", "created_at", "last_used_at", "last_used_address")
    list_select_related = ("application", "owner")
    search_fields = ("owner__email", "application__name")


def _actor(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
