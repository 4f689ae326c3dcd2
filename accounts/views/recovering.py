"""A forgotten password, and a new e-mail address."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access import needs, needs_no_sign_in, signed_in
from accounts.flows.email_change import (
    ask_for_email_change,
    change_of_link,
    confirm_email_change,
    undo_email_change,
    waiting_change_of,
)
from accounts.flows.password_reset import ask_for_reset, person_of_link, reset_password
from accounts.flows.sessions import device_id_of
from accounts.forms import EmailChangeForm, NewPasswordForm, PasswordResetForm
from accounts.intrusion.telling import mail_is_set_up
from accounts.views.confirming import confirmed
from memshadow.lib.client_address import client_address
from memshadow.lib.errors import MemshadowError, NotFound


@needs_no_sign_in
@never_cache
@require_http_methods(["GET", "POST"])
def password_reset(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same for every address."""
    form, sent = PasswordResetForm(request.POST or None), False
    if request.method == "POST" and form.is_valid():
        ask_for_reset(email=form.cleaned_data["email"], address=client_address(request))
        sent = True
    context = {"form": form, "sent": sent, "mail_is_set_up": mail_is_set_up()}
    return render(request, "accounts/password_reset.html", context)


@needs_no_sign_in
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password_reset_link(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a new password; signing in with it, and with the second factor, comes after."""
    form = NewPasswordForm(request.POST or None)
    try:
        user = person_of_link(token)
        if request.method == "POST" and form.is_valid():
            reset_password(token=token, new=form.cleaned_data["new"])
            messages.success(request, "Your new password is set, and every device is signed out. Sign in with it.")
            return redirect("accounts:login")
    except NotFound as error:
        return render(request, "accounts/link_invalid.html", {"reason": error.message}, status=404)
    except MemshadowError as error:
        form.refuse(error)
    return render(request, "accounts/password_reset_link.html", {"form": form, "email": user.email})


@needs("account")
@never_cache
@require_http_methods(["GET", "POST"])
@confirmed
def email_change(request: HttpRequest) -> HttpResponse:
    """Ask for another address, and see which confirmation is missing."""
    user, form = signed_in(request), EmailChangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ask_for_email_change(owner=user, new_email=form.cleaned_data["new_email"])
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "Two messages are on their way: one to each address.")
            return redirect("accounts:email_change")
    waiting = waiting_change_of(user).order_by("-asked_at").first()
    context = {"form": form, "waiting": waiting, "mail_is_set_up": mail_is_set_up()}
    return render(request, "accounts/email_change.html", context)


@needs_no_sign_in
@never_cache
@require_http_methods(["GET", "POST"])
def email_link(request: HttpRequest, token: str) -> HttpResponse:
    """What a mailed link opens: confirm on POST, or, from the old address, undo."""
    try:
        change, is_old = change_of_link(token)
        if request.method == "POST" and request.POST.get("action") == "undo":
            undo_email_change(token=token)
            messages.success(request, "Undone, and every device is signed out. Choose a new password now.")
            return redirect("accounts:password_reset")
        if request.method == "POST":
            change = confirm_email_change(token=token, keep=device_id_of(request))
    except MemshadowError as error:
        return render(request, "accounts/link_invalid.html", {"reason": error.message}, status=error.status)
    mine = change.old_confirmed_at if is_old else change.new_confirmed_at
    context = {"change": change, "is_old": is_old, "is_confirmed": mine is not None}
    return render(request, "accounts/email_link.html", context)
