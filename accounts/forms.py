"""Forms of the account pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict

from accounts.flows.single_sign_on import refusal_of
from accounts.mfa.factors import NAME_MAX
from accounts.models import Role, ServerPolicy, SpaceRole, User
from accounts.permissions import SCOPES, WILDCARDS
from accounts.spaces.making import NAME_MAX_CHARS
from accounts.spaces.sharing import groups_for
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

    def get_invalid_login_error(self) -> ValidationError:
        """The same words for everything, but for who proved themselves to the directory, or when it is down."""
        reason = refusal_of(self.request)
        return ValidationError(reason, code="refused") if reason else super().get_invalid_login_error()


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


class NewPasswordForm(ServiceForm):
    """A new password, twice."""

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


class PasswordForm(NewPasswordForm):
    """The current password and the new one, twice."""

    current = forms.CharField(
        label="Current password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    field_order = ("current", "new", "new_again")


class PasswordResetForm(ServiceForm):
    """Which account has lost its password."""

    email = forms.EmailField(
        label="E-mail address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )


class EmailChangeForm(ServiceForm):
    """The address that the account is to have."""

    new_email = forms.EmailField(
        label="New e-mail address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What others on this server see of a person."""

    class Meta:
        model = User
        fields = ("display_name",)


class ApiKeyForm(ServiceForm):
    """A new API key."""

    name = forms.CharField(label="Name", max_length=80, help_text="Where it will be used, such as laptop.")
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=[*SCOPES.items(), *WILDCARDS.items()],
        widget=forms.CheckboxSelectMultiple,
        initial=["memories:read"],
    )
    days = forms.TypedChoiceField(
        label="Expires",
        coerce=int,
        initial=90,
        choices=[(30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), (0, "never")],
    )
    allowed_addresses = forms.CharField(
        label="Works from",
        required=False,
        help_text="Addresses or networks, with commas between: 203.0.113.7, 10.0.0.0/8, 2001:db8::/32. "
        "Empty: from anywhere.",
    )
    requests_per_minute = forms.IntegerField(
        label="Requests a minute",
        required=False,
        min_value=1,
        max_value=100_000,
        help_text="Empty: the server's limit.",
    )

    def expires_in(self) -> timedelta | None:
        """The chosen lifetime; None for ever."""
        days: int = self.cleaned_data["days"]
        return timedelta(days=days) if days else None

    def networks(self) -> list[str]:
        """The networks as they were written."""
        return str(self.cleaned_data["allowed_addresses"]).replace(",", " ").split()


class RotateForm(forms.Form):
    """How long a key's old text goes on working."""

    grace_hours = forms.TypedChoiceField(
        label="The old key",
        coerce=int,
        initial=24,
        choices=[
            (0, "ends at once"),
            (1, "works one more hour"),
            (24, "works one more day"),
            (168, "works one more week"),
        ],
    )


class InvitationForm(ServiceForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label="E-mail address", required=False, help_text="Leave it empty for whoever has the link."
    )
    role = forms.ChoiceField(label="Role", choices=[c for c in Role.choices if c[0] != Role.OWNER], initial=Role.MEMBER)


class CodeForm(ServiceForm):
    """The second factor, typed."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Six digits from your authenticator app, or one of your backup codes.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )


class AuthenticatorAppForm(ServiceForm):
    """The first code of a new app, and what to call it."""

    code = forms.CharField(
        label="Code",
        max_length=12,
        help_text="The six digits that the app shows now.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    name = forms.CharField(
        label="Name", max_length=NAME_MAX, required=False, help_text="To tell it apart, such as phone."
    )


class PasskeyForm(ServiceForm):
    """What the browser's authenticator answered; passkeys.js fills it in."""

    credential = forms.CharField(widget=forms.HiddenInput, max_length=20_000, strip=False)


class NewPasskeyForm(PasskeyForm):
    """A new passkey, and what to call it."""

    name = forms.CharField(
        label="Name", max_length=NAME_MAX, required=False, help_text="To tell it apart, such as laptop or blue key."
    )

    field_order = ("name", "credential")


class MfaPolicyForm(ServiceForm):
    """Of whom a second factor is required."""

    mfa_required = forms.ChoiceField(
        label="A second factor is required of",
        choices=ServerPolicy.MfaRequired.choices,
        help_text="Who has none yet sets one up after signing in, before anything else. API keys keep working.",
    )


class SecretPolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What becomes of secrets in what is captured."""

    class Meta:
        model = User
        fields = ("secret_policy",)
        widgets = {"secret_policy": forms.RadioSelect}  # noqa: RUF012 - as Django declares it
        labels = {"secret_policy": "When a captured text holds a secret"}  # noqa: RUF012 - as Django declares it


class EraseForm(forms.Form):
    """The e-mail address, typed, so that nobody erases an account by a slip."""

    email = forms.CharField(max_length=254)


class HandOverForm(forms.Form):
    """Who is to own the server."""

    to = forms.ModelChoiceField(label="New owner", queryset=User.objects.none())

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.people().filter(is_active=True).exclude(pk=owner.pk).order_by("email")
        self.fields["to"].queryset = others  # type: ignore[attr-defined]
        self.fields["to"].label_from_instance = lambda user: user.email  # type: ignore[attr-defined]


class SpaceForm(ServiceForm):
    """What a space is called."""

    name = forms.CharField(label="Name", max_length=NAME_MAX_CHARS, help_text="Everybody in the space sees it.")


class OfferForm(ServiceForm):
    """To whom a space is offered, and as what."""

    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(label="Role", choices=SpaceRole.choices, initial=SpaceRole.READER)


class GroupShareForm(ServiceForm):
    """With which group a space is shared, and as what."""

    group = forms.TypedChoiceField(label="Group", coerce=int)
    role = forms.ChoiceField(
        label="Role", choices=[c for c in SpaceRole.choices if c[0] != SpaceRole.MANAGER], initial=SpaceRole.READER
    )

    def __init__(self, data: QueryDict | None = None, *, person: User) -> None:
        super().__init__(data)
        choice = self.fields["group"]
        choice.choices = [(group.pk, group.name) for group in groups_for(person)]  # type: ignore[attr-defined]
