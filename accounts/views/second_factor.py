"""Signing in further than the password: the second factor, and a passkey instead of both."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access import needs_no_sign_in
from accounts.forms import CodeForm, PasskeyForm
from accounts.mfa.lockout import too_many
from accounts.mfa.passkeys import Site, check_second_factor, check_sign_in, second_factor_options, sign_in_options
from accounts.mfa.signing_in import complete, pending
from accounts.mfa.verifying import check_code
from accounts.models import Factor, User
from memshadow.lib.errors import TooManyAttempts, ValidationFailed

HOME = "home"


@needs_no_sign_in
@never_cache
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask who gave the right password for a code or a passkey."""
    waiting = pending(request)
    if waiting is None:
        return redirect("accounts:login")
    form = CodeForm(request.POST if "code" in request.POST else None)
    factor = None
    if request.method == "POST":
        try:
            factor = _shown_factor(request, waiting.user, form)
        except TooManyAttempts as error:
            return too_many(request, int(str(error.details["retry_after_s"])))
        except ValidationFailed as error:
            form.refuse(error)
    if factor is not None:
        complete(request, factor=factor, backend=waiting.backend)
        return redirect(waiting.next_url or HOME)
    context = {"form": form, "email": waiting.user.email, "options": second_factor_options(request, waiting.user)}
    return render(request, "accounts/second_factor.html", context)


def _shown_factor(request: HttpRequest, user: User, form: CodeForm) -> Factor | None:
    """The factor that the form proves; None when there is nothing to check in it."""
    if credential := request.POST.get("credential"):
        form.is_bound, form.cleaned_data = True, {}  # so that it can show a refusal
        return check_second_factor(request, user=user, credential=credential[:20_000])
    return check_code(request, user=user, code=form.cleaned_data["code"]) if form.is_valid() else None


@needs_no_sign_in
@never_cache
@sensitive_post_parameters("credential")
@require_http_methods(["GET", "POST"])
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone."""
    next_url, form = _safe_next(request), PasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            key = check_sign_in(request, credential=form.cleaned_data["credential"])
        except ValidationFailed as error:
            form.refuse(error)
        else:
            complete(request, factor=key)
            return redirect(next_url or HOME)
    possible = Site.of(request).can_have_passkeys
    context = {"form": form, "next": next_url, "options": sign_in_options(request) if possible else ""}
    return render(request, "accounts/passkey_sign_in.html", context)


def _safe_next(request: HttpRequest) -> str:
    """Where to go afterwards, when it is a page of ours."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else ""


@needs_no_sign_in
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The administration's own sign-in knows no second factor: the product's page stands in for it."""
    if request.user.is_authenticated:
        raise PermissionDenied
    target = request.GET.get("next") or resolve_url("admin:index")
    return redirect(f"{reverse('accounts:login')}?{urlencode({'next': target})}")
