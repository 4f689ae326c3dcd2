"""One's own account: profile, password, API keys, invitations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import api_key_or_404, invitation_or_404, require_manager, signed_in
from accounts.flows.api_keys import create_api_key, revoke_api_key
from accounts.flows.invitations import invite, withdraw
from accounts.flows.passwords import change_password
from accounts.forms import ApiKeyForm, InvitationForm, PasswordForm, ProfileForm
from accounts.models import ApiKey, Invitation, User
from memshadow.lib.clock import now
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError


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


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; every other session ends."""
    user, form = signed_in(request), PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_password(user=user, current=form.cleaned_data["current"], new=form.cleaned_data["new"])
        except MemshadowError as error:
            form.refuse(error)
        else:
            update_session_auth_hash(request, user)
            messages.success(request, "Your password is changed. Other browsers are signed out.")
            return redirect("accounts:account")
    return render(request, "accounts/password.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def api_keys(request: HttpRequest) -> HttpResponse:
    """The keys, and a new one, whose text this answer alone shows."""
    user = signed_in(request)
    form, shown = ApiKeyForm(request.POST or None), {}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            key, text = create_api_key(
                owner=user, name=data["name"], scopes=data["scopes"], expires_in=form.expires_in()
            )
            form, shown = ApiKeyForm(), {"new_key": text, "new_key_name": key.name}
        except MemshadowError as error:
            form.refuse(error)
    keys = list(ApiKey.objects.filter(owner=user).order_by("-created_at"))
    moment = now()
    for key in keys:
        key.state = _key_state(key, moment)  # type: ignore[attr-defined]
    return render(request, "accounts/api_keys.html", {"keys": keys, "form": form, **shown})


def _key_state(key: ApiKey, moment: datetime) -> str:
    if key.revoked_at:
        return "revoked"
    return "usable" if key.is_usable(moment) else "expired"


@require_POST
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


@never_cache
@require_http_methods(["GET", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """The invitations, and a new one, whose link this answer alone shows."""
    user = require_manager(signed_in(request))
    form, new_link = InvitationForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
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
