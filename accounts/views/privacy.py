"""One's data: what becomes of secrets, the data key, the export, agreements, and erasing the account."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import needs, signed_in
from accounts.audit import record
from accounts.flows.consenting import consents_of, set_consent
from accounts.flows.erasing import GRACE, ask_for_erasure, cancel_erasure, erasure_of, hand_over
from accounts.flows.rotating import begin_rotation, rotation_of
from accounts.flows.sessions import rotate
from accounts.forms import EraseForm, HandOverForm, SecretPolicyForm
from accounts.models import Consent, User
from accounts.views.confirming import confirmed_to_change
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError

_BACK = "accounts:privacy"


@needs("account")
@require_http_methods(["GET", "POST"])
def privacy(request: HttpRequest) -> HttpResponse:
    """The page; a POST saves what is to become of secrets."""
    user = User.objects.get(pk=signed_in(request).pk)
    form = SecretPolicyForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        record("account.secret_policy_changed", actor=user, target=user, policy=user.secret_policy)
        messages.success(request, "Saved. It holds for what is captured from now on.")
        return redirect(_BACK)
    given = consents_of(user)
    context = {
        "form": form,
        "rotation": rotation_of(user),
        "erasure": erasure_of(user),
        "grace_days": GRACE.days,
        "consents": [(value, label, given.get(value)) for value, label in Consent.Purpose.choices],
        "hand_over_form": HandOverForm(owner=user) if user.is_owner else None,
    }
    return render(request, "accounts/privacy.html", context)


@needs("account")
@require_POST
@confirmed_to_change
def rotate_key(request: HttpRequest) -> HttpResponse:
    """Make a new data key."""
    page = ask_first(
        request,
        question="Encrypt everything under a new key?",
        text="It runs in the background while you work, and cannot be undone.",
        yes="Make a new key",
        back_url=reverse(_BACK),
    )
    if page is not None:
        return page
    return _done(
        request, lambda: begin_rotation(owner=signed_in(request)), "There is a new key; everything moves to it now."
    )


@needs("account")
@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """Agree to something, or withdraw."""
    purpose, given = request.POST.get("purpose", ""), request.POST.get("given") == "1"
    said = "Noted." if given else "Withdrawn."
    return _done(request, lambda: set_consent(owner=signed_in(request), purpose=purpose, given=given), said)


@needs("account")
@require_POST
@confirmed_to_change
def erase(request: HttpRequest) -> HttpResponse:
    """Have one's own account erased, in a while."""
    user, form = signed_in(request), EraseForm(request.POST)
    if not form.is_valid() or form.cleaned_data["email"].strip().lower() != user.email:
        messages.error(request, "To have the account erased, type its e-mail address as it stands here.")
        return redirect(_BACK)
    said = f"Your account will be erased in {GRACE.days} days. Until then you can change your mind here."
    return _done(request, lambda: ask_for_erasure(user=user, by=user), said)


@needs("account")
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Cancel the erasure."""
    user = signed_in(request)
    return _done(request, lambda: cancel_erasure(user=user, by=user), "Your account stays as it is.")


@needs("account")
@require_POST
@confirmed_to_change
def hand_server_over(request: HttpRequest) -> HttpResponse:
    """Make somebody else the owner of this server."""
    form = HandOverForm(request.POST, owner=signed_in(request))
    if not form.is_valid():
        messages.error(request, "Choose who is to own this server.")
        return redirect(_BACK)
    heir = form.cleaned_data["to"]
    page = ask_first(
        request,
        question=f"Make {heir.email} the owner of this server?",
        text="You stay as an administrator, and cannot take it back yourself.",
        yes="Hand it over",
        back_url=reverse(_BACK),
    )
    if page is not None:
        return page
    return _done(request, lambda: _hand_over(request, heir), f"{heir.email} owns this server now.")


def _hand_over(request: HttpRequest, heir: User) -> None:
    """Rights that change end a person's sessions; this one goes on under a new key."""
    owner = signed_in(request)
    hand_over(owner=owner, to=heir.pk)
    update_session_auth_hash(request, owner)
    rotate(request)


def _done(request: HttpRequest, act: Callable[[], object], said: str) -> HttpResponse:
    """Do it, say so or why not, and go back to the page."""
    try:
        act()
    except MemshadowError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect(_BACK)
