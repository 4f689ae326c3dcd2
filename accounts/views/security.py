"""The security page: one's authenticator apps, passkeys and backup codes."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import needs, signed_in
from accounts.forms import AuthenticatorAppForm, NewPasskeyForm
from accounts.mfa.authenticator_apps import app_to_confirm, confirm_app, otpauth_uri, qr_svg
from accounts.mfa.backup_codes import backup_codes_left, new_backup_codes, require_factor
from accounts.mfa.factors import factor_or_404, factors_of, remaining_factor, remove_factor, rename_factor
from accounts.mfa.middleware import open_before_second_factor
from accounts.mfa.passkeys import Site, add_passkey, registration_options
from accounts.mfa.signing_in import remember_factor
from accounts.mfa.standing import is_required_of
from accounts.models import Factor, User
from accounts.views.confirming import confirmed, confirmed_to_change
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError


@open_before_second_factor
@needs("account")
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """What proves that it is you."""
    user = signed_in(request)
    context = {
        "factors": factors_of(user),
        "codes_left": backup_codes_left(user),
        "is_required": is_required_of(user),
        "can_have_passkeys": Site.of(request).can_have_passkeys,
    }
    return render(request, "accounts/security.html", context)


@open_before_second_factor
@needs("account")
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@confirmed
def app_add(request: HttpRequest) -> HttpResponse:
    """Scan a secret, and prove it with the first code."""
    user, form = signed_in(request), AuthenticatorAppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device = confirm_app(user=user, code=form.cleaned_data["code"], name=form.cleaned_data["name"])
        except MemshadowError as error:
            form.refuse(error)
        else:
            return _after_adding(request, user, device)
    device = app_to_confirm(user)
    svg = mark_safe(qr_svg(otpauth_uri(device)))  # noqa: S308 - segno's own output
    return render(request, "accounts/security_app.html", {"form": form, "qr": svg, "secret": device.secret})


@open_before_second_factor
@needs("account")
@never_cache
@require_http_methods(["GET", "POST"])
@confirmed
def passkey_add(request: HttpRequest) -> HttpResponse:
    """Have the browser make a passkey."""
    user, form, site = signed_in(request), NewPasskeyForm(request.POST or None), Site.of(request)
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data
            key = add_passkey(request, user=user, credential=data["credential"], name=data["name"])
        except MemshadowError as error:
            form.refuse(error)
        else:
            return _after_adding(request, user, key)
    options = registration_options(request, user) if site.can_have_passkeys else ""
    return render(request, "accounts/security_passkey.html", {"form": form, "options": options, "site": site})


def _after_adding(request: HttpRequest, user: User, factor: Factor) -> HttpResponse:
    """Back to the security page; with the first factor come the backup codes, which this answer alone shows."""
    remember_factor(request, factor)
    messages.success(request, f"“{factor.name}” is set up.")
    if backup_codes_left(user) is None:
        return _show_codes(request, user)
    return redirect("accounts:security")


@open_before_second_factor
@needs("account")
@never_cache
@require_POST
@confirmed_to_change
def backup_codes(request: HttpRequest) -> HttpResponse:
    """Ten new codes, which this answer alone shows."""
    user = signed_in(request)
    require_factor(user)
    question = ask_first(
        request,
        question="Make new backup codes?",
        text="The codes that you have stop working at once.",
        yes="Make new codes",
        back_url=reverse("accounts:security"),
    )
    return question or _show_codes(request, user)


def _show_codes(request: HttpRequest, user: User) -> HttpResponse:
    codes = new_backup_codes(user=user)
    return render(request, "accounts/security_codes.html", {"codes": codes, "text": _codes_text(user, codes)})


def _codes_text(user: User, codes: list[str]) -> str:
    """The file that is downloaded."""
    head = f"MEMSHADOW backup codes of {user.email}\nEach works once, in the place of the app's code.\n\n"
    return head + "\n".join(codes) + "\n"


@needs("account")
@require_POST
def factor_rename(request: HttpRequest, factor_id: UUID) -> HttpResponse:
    """Call it something else."""
    rename_factor(user=signed_in(request), factor_id=factor_id, name=request.POST.get("name", ""))
    messages.success(request, "Renamed.")
    return redirect("accounts:security")


@needs("account")
@require_POST
@confirmed_to_change
def factor_remove(request: HttpRequest, factor_id: UUID) -> HttpResponse:
    """Forget an app or a passkey."""
    user = signed_in(request)
    factor = factor_or_404(user, factor_id)
    page = ask_first(
        request,
        question=f"Remove “{factor.name}”?",
        text="It no longer signs you in. With your last one the backup codes go, and the password alone is enough.",
        yes="Remove",
        back_url=reverse("accounts:security"),
    )
    if page is not None:
        return page
    remove_factor(user=user, factor_id=factor_id)
    remember_factor(request, remaining_factor(user))
    messages.success(request, f"“{factor.name}” is removed.")
    return redirect("accounts:security")
