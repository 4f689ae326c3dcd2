"""Forms of the account pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest

from accounts.models import ApiKey, Role, User
from memshadow.lib.errors import MemshadowError

_NEW_PASSWORD_HELP = "At least 12 characters, not a common password, not like your name or address."  # noqa: S105


class ServiceForm(forms.Form):
    """A form that shows what a service refused beside the field that it names."""

    def refuse(self, error: MemshadowError) -> None:
        """Attach a service's error to its field, or to the whole form."""
        name = str(error.details.get("field", ""))
        self.add_error(name if name in self.fields else None, error.message)


class SignInForm(AuthenticationForm):
    """E-mail address and password; one message for everything that is wrong with them."""

    error_messages = {  # noqa: RUF012 - as Django declares it
        "invalid_login": "That e-mail address and password do not belong together.",
        "inactive": "That e-mail address and password do not belong together.",
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})


class NewAccountForm(ServiceForm):
    """What a new person tells of themselves."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    display_name = forms.CharField(label="Name", max_length=120, required=False)
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_NEW_PASSWORD_HELP,
    )
    password_again = forms.CharField(
        label="Password again", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        """Both passwords must be the same."""
        data = super().clean() or {}
        if data.get("password") != data.get("password_again"):
            self.add_error("password_again", "The two passwords differ.")
        return data


class PasswordForm(ServiceForm):
    """The current password and the new one, twice."""

    current = forms.CharField(
        label="Current password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    new = forms.CharField(
        label="New password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_NEW_PASSWORD_HELP + " Not one of your last five.",
    )
    new_again = forms.CharField(
        label="New password again", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        """Both new passwords must be the same."""
        data = super().clean() or {}
        if data.get("new") != data.get("new_again"):
            self.add_error("new_again", "The two new passwords differ.")
        return data


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What others on this server see of a person."""

    class Meta:
        model = User
        fields = ("display_name",)


class ApiKeyForm(ServiceForm):
    """A new API key."""

    name = forms.CharField(label="Name", max_length=80, help_text="Where it will be used, such as laptop.")
    scopes = forms.MultipleChoiceField(
        label="It may", choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple, initial=["read"]
    )
    days = forms.TypedChoiceField(
        label="Expires",
        coerce=int,
        initial=90,
        choices=[(30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), (0, "never")],
    )

    def expires_in(self) -> timedelta | None:
        """The chosen lifetime; None for ever."""
        days: int = self.cleaned_data["days"]
        return timedelta(days=days) if days else None


class InvitationForm(ServiceForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label="E-mail address", required=False, help_text="Leave it empty for whoever has the link."
    )
    role = forms.ChoiceField(label="Role", choices=[c for c in Role.choices if c[0] != Role.OWNER], initial=Role.MEMBER)
