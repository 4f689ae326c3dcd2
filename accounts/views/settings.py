"""One's own account: profile, password, API keys, invitations."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import api_key_or_404, invitation_or_404, needs, signed_in
from accounts.flows.api_keys import create_api_key, revoke_api_key, rotate_api_key
from accounts.flows.confirming import confirm_identity
from accounts.flows.invitations import invite, withdraw
from accounts.flows.passwords import change_password
from accounts.flows.sessions import browser_and_system, rotate
from accounts.flows.tokens import revoke_program, signed_in_programs
from accounts.forms import ApiKeyForm, InvitationForm, PasswordForm, ProfileForm, RotateForm
from accounts.models import ApiKey, Invitation, Role, User
from accounts.views.confirming import ask_identity, confirmed, confirmed_to_change, signed_out
from memshadow.lib.clock import now
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError, NotAuthenticated


@needs("account")
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """The profile."""
    user = signed_in(request)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("accounts:account")
    return render(request, "accounts/account.html", {"form": form})


@needs("account")
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; every other session ends."""
    user, form = signed_in(request), PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            confirm_identity(request, by="password", answer=form.cleaned_data["current"], field="current")
            change_password(user=user, new=form.cleaned_data["new"])
        except NotAuthenticated as refusal:
            return signed_out(request, refusal)
        except MemshadowError as error:
            form.refuse(error)
        else:
            update_session_auth_hash(request, user)
            rotate(request)
            messages.success(request, "Your password is changed. Other browsers are signed out.")
            return redirect("accounts:account")
    return render(request, "accounts/password.html", {"form": form})


@needs("account")
@never_cache
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def api_keys(request: HttpRequest) -> HttpResponse:
    """The keys, and a new one, whose text this answer alone shows."""
    user, form = signed_in(request), ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _with_text(request, *_made(request, user, form))
        except MemshadowError as error:
            form.refuse(error)
    return _keys_page(request, form)


def _made(request: HttpRequest, user: User, form: ApiKeyForm) -> tuple[ApiKey, str]:
    data = form.cleaned_data
    return create_api_key(
        owner=user,
        name=data["name"],
        scopes=data["scopes"],
        expires_in=form.expires_in(),
        allowed_addresses=form.networks(),
        requests_per_minute=data["requests_per_minute"],
    )


def _with_text(request: HttpRequest, key: ApiKey, text: str) -> HttpResponse:
    """The page with a new text, which no other answer shows."""
    return _keys_page(request, ApiKeyForm(), new_key=text, new_key_name=key.name)


def _keys_page(request: HttpRequest, form: ApiKeyForm, **shown: str) -> HttpResponse:
    keys = list(ApiKey.objects.filter(owner=signed_in(request)).order_by("-created_at"))
    moment = now()
    for key in keys:
        key.state = _key_state(key, moment)  # type: ignore[attr-defined]
    programs = [(family, browser_and_system(family.agent)) for family in signed_in_programs(signed_in(request))]
    return render(request, "accounts/api_keys.html", {"keys": keys, "form": form, "programs": programs, **shown})


def _key_state(key: ApiKey, moment: datetime) -> str:
    if key.revoked_at:
        return "revoked"
    return "usable" if key.is_usable(moment) else "expired"


@needs("account")
@never_cache
@require_http_methods(["GET", "POST"])
@confirmed
def api_key_rotate(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Ask how long the old text goes on working; then a new one, which this answer alone shows."""
    user = signed_in(request)
    key, form = api_key_or_404(user, key_id), RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        grace = timedelta(hours=form.cleaned_data["grace_hours"])
        return _with_text(request, *rotate_api_key(owner=user, key_id=key_id, grace=grace))
    return render(request, "accounts/api_key_rotate.html", {"key": key, "form": form})


@needs("account")
@require_POST
def program_revoke(request: HttpRequest, family_id: UUID) -> HttpResponse:
    """Sign a program out that came with a password."""
    revoke_program(owner=signed_in(request), family_id=family_id)
    messages.success(request, "That program is signed out.")
    return redirect("accounts:api_keys")


@needs("account")
@require_POST
@confirmed_to_change
def api_key_revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Make a key worthless."""
    user = signed_in(request)
    page = ask_first(
        request,
        question=f"Revoke the key “{api_key_or_404(user, key_id).name}”?",
        text="Programs that use it stop working at once. This cannot be undone.",
        yes="Revoke",
        back_url=reverse("accounts:api_keys"),
    )
    if page is not None:
        return page
    revoke_api_key(owner=user, key_id=key_id)
    messages.success(request, "The key is revoked.")
    return redirect("accounts:api_keys")


@needs("server")
@never_cache
@require_http_methods(["GET", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """The invitations, and a new one, whose link this answer alone shows."""
    user = signed_in(request)
    form, new_link = InvitationForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["role"] == Role.ADMINISTRATOR and (page := ask_identity(request)):
            return page
        try:
            _, new_link = invite(by=user, role=form.cleaned_data["role"], email=form.cleaned_data["email"])
            form = InvitationForm()
        except MemshadowError as error:
            form.refuse(error)
    rows = list(Invitation.objects.filter(created_by=user).order_by("-created_at"))
    for row in rows:
        row.state = _invitation_state(row, now())  # type: ignore[attr-defined]
    return render(request, "accounts/invitations.html", {"invitations": rows, "form": form, "new_link": new_link})


def _invitation_state(row: Invitation, moment: datetime) -> str:
    if row.used_at:
        return "used"
    if row.revoked_at:
        return "withdrawn"
    return "open" if row.is_open(moment) else "expired"


@needs("account")
@require_POST
def invitation_revoke(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw an open link."""
    user = signed_in(request)
    row = invitation_or_404(user, invitation_id)
    page = ask_first(
        request,
        question=f"Withdraw the invitation for {row.email or 'whoever has the link'}?",
        text="The link stops working at once.",
        yes="Withdraw",
        back_url=reverse("accounts:invitations"),
    )
    if page is not None:
        return page
    withdraw(by=user, invitation_id=invitation_id)
    messages.success(request, "The invitation is withdrawn.")
    return redirect("accounts:invitations")
