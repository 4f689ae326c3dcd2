"""The devices on which one is signed in, and signing them out."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.access import needs, signed_in
from accounts.flows.sessions import device_id_of, devices_of, end_other_sessions, end_session
from memshadow.lib.confirming import ask_first


@needs("account")
@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """Browser, system, address, first and last use of each."""
    context = {
        "devices": devices_of(signed_in(request), this=device_id_of(request)),
        "most": settings.SESSIONS_MAX,
        "idle_days": settings.SESSION_IDLE_S // 86_400,
        "absolute_days": settings.SESSION_ABSOLUTE_S // 86_400,
    }
    return render(request, "accounts/devices.html", context)


@needs("account")
@require_POST
def device_end(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Sign one device out; this very one goes to the sign-in page."""
    end_session(owner=signed_in(request), device_id=device_id)
    messages.success(request, "That device is signed out.")
    return redirect("accounts:devices")


@needs("account")
@require_POST
def devices_end_others(request: HttpRequest) -> HttpResponse:
    """Sign every other device out."""
    page = ask_first(
        request,
        question="Sign out everywhere else?",
        text="Every other browser that is signed in to this account is signed out at once.",
        yes="Sign out the others",
        back_url=reverse("accounts:devices"),
    )
    if page is not None:
        return page
    count = end_other_sessions(owner=signed_in(request), keep=device_id_of(request))
    messages.success(request, f"{count} other {'device is' if count == 1 else 'devices are'} signed out.")
    return redirect("accounts:devices")
