"""Ways in and out: the owner's first link, invitations, signing in and out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access import needs_no_sign_in
from accounts.flows.invitations import accept, open_invitation
from accounts.flows.setup import owner_exists
from accounts.forms import NewAccountForm, SignInForm
from accounts.mfa.middleware import open_before_second_factor
from accounts.mfa.signing_in import enter
from accounts.models import Role, User
from memshadow.lib.errors import MemshadowError, NotFound


@method_decorator(needs_no_sign_in, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class SignIn(LoginView):
    """The sign-in page."""

    template_name = "accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """The password was right: the library, or first the page that asks for the second factor."""
        user = form.get_user()
        if enter(self.request, user=user, next_url=self.get_redirect_url()):
            return redirect(self.get_success_url())
        return redirect("accounts:second_factor")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Tell a server without an owner apart: its first link is in the terminal."""
        providers = [("accounts:sso", settings.OIDC_NAME)] if settings.OIDC_ISSUER else []
        providers += [("accounts:saml", settings.SAML_NAME)] if settings.SAML_METADATA else []
        return super().get_context_data(**kwargs) | {"owner_exists": owner_exists(), "providers": providers}


@open_before_second_factor
@needs_no_sign_in
@require_http_methods(["GET", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ask on GET, so that a link cannot sign anybody out; leave on POST."""
    if request.method == "GET":
        return render(request, "accounts/logout.html")
    logout(request)
    return redirect("accounts:login")


@needs_no_sign_in
@never_cache
@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """The owner's account, made by the one-time link that the first start printed."""
    return _new_account(request, token, "accounts/setup.html", owner_link=True)


@needs_no_sign_in
@never_cache
@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """An account made by an invitation."""
    return _new_account(request, token, "accounts/invitation.html", owner_link=False)


def _new_account(request: HttpRequest, token: str, template: str, *, owner_link: bool) -> HttpResponse:
    try:
        found = open_invitation(token)
        if (found.role == Role.OWNER) != owner_link:
            raise NotFound("This link is not valid.")
    except NotFound as error:
        return render(request, "accounts/link_invalid.html", {"reason": error.message}, status=404)
    form = NewAccountForm(request.POST or None, initial={"email": found.email})
    if request.method == "POST" and form.is_valid():
        user = _accept(token, form)
        if user is not None:
            enter(request, user=user)
            messages.success(request, "Welcome. This library is yours.")
            return redirect("home")
    return render(request, template, {"form": form, "invitation": found})


def _accept(token: str, form: NewAccountForm) -> User | None:
    data = form.cleaned_data
    try:
        return accept(token=token, email=data["email"], password=data["password"], display_name=data["display_name"])
    except MemshadowError as error:
        form.refuse(error)
        return None
