"""Before a view runs: each request is counted, what is too much or too long is refused; answers say what is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.limits.charging import attempt_succeeded, charge_attempt, charge_caller, charge_stranger, verdict_of
from accounts.limits.counting import RateLimited
from accounts.models import User
from memshadow.lib.htmx import wants_partial
from memshadow.lib.problems import problem

_NEVER_COUNTED = frozenset({"health_live", "health_ready"})
_ENTERED = (301, 302, 303)


class StrangersBodiesMiddleware:
    """Refuses a form of somebody who is not signed in by its length, before the CSRF check would read it into memory.

    Programs' addresses are exempt from that check, and bound what they read themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nothing to do for answers."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """413, or None to go on."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_small = length.isdecimal() and int(length) <= settings.STRANGER_BODY_MAX_BYTES
        if is_small or getattr(view, "csrf_exempt", False) or request.user.is_authenticated:
            return None
        reason = "What you sent is too long for this page. Sign in first if you meant to upload something."
        return render(request, "400.html", {"reason": reason, "status": 413}, status=413)


class RateLimitMiddleware:
    """After authentication, before what costs. Operations of the API count themselves (accounts/scopes.py)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        verdict = verdict_of(request)
        if verdict is not None:
            for name, value in verdict.headers().items():
                response[name] = value
            if response.status_code in _ENTERED and request.user.is_authenticated:
                attempt_succeeded(request)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """The refusal, or None to go on."""
        if getattr(view, "counts_itself", False):
            return None
        is_operation = getattr(view, "counted_when_authenticated", False)
        try:
            _count(request, is_operation=is_operation)
        except RateLimited as error:
            return _as_problem(request, error) if is_operation else _as_page(request, error)
        return None


def _count(request: HttpRequest, *, is_operation: bool) -> None:
    name = request.resolver_match.view_name if request.resolver_match else ""
    if name in _NEVER_COUNTED:
        return
    if is_operation:
        if not _brings_credentials(request):
            charge_stranger(request)
    elif request.method == "POST" and name in settings.RATE_LIMIT_ATTEMPT_PAGES:
        charge_attempt(request, _account_tried(request))
    elif isinstance(request.user, User):
        charge_caller(request, request.user)
    else:
        charge_stranger(request)


def _brings_credentials(request: HttpRequest) -> bool:
    """Something that `RequiredScope` will look at, and count whether it is valid or not."""
    sent = "Authorization" in request.headers or "X-API-Key" in request.headers
    return sent or settings.SESSION_COOKIE_NAME in request.COOKIES


def _account_tried(request: HttpRequest) -> str:
    if isinstance(request.user, User):
        return request.user.email
    return request.POST.get("username") or request.POST.get("email") or ""


def _as_problem(request: HttpRequest, error: RateLimited) -> HttpResponse:
    details: dict[str, Any] = error.details
    return problem(request, status=error.status, detail=error.message, code=error.code, **details)


def _as_page(request: HttpRequest, error: RateLimited) -> HttpResponse:
    if wants_partial(request):
        toasts = [{"text": error.message, "level": "error"}]
        response = render(request, "components/_toasts_oob.html", {"toasts": toasts})
        response["HX-Reswap"] = "none"
        return response
    return render(request, "429.html", {"reason": error.message}, status=error.status)
