"""Around every answer: who may embed or keep it, what is noted of a refusal, and what a page shows of one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render

from memshadow.lib.errors import MemshadowError, NotFound, PermissionRefused
from memshadow.lib.htmx import wants_partial
from memshadow.lib.problems import problem
from memshadow.lib.request_context import current

logger = logging.getLogger(__name__)
# Not /oauth/authorize, which is a page of people.
_OAUTH = tuple(f"/oauth/{name}" for name in ("token", "revoke", "introspect", "register", "device-authorization"))
_PREFIXES = ("/api/", "/ingest", "/retrieve", "/mcp", "/mem0/", "/v1/", "/v1beta/", "/v2/", "/v3/", "/gateway/")
_PROGRAMS = (*_PREFIXES, *_OAUTH)


class DoorMiddleware:
    """Refuses TRACE, and a program's plain HTTP where HTTPS is expected; before Django's, which would redirect it.

    A redirect would hide that the key went over the network in the clear; browsers' pages are redirected all the same.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer; 405, or 403 as a problem document."""
        if request.method == "TRACE":
            return HttpResponseNotAllowed(["GET", "HEAD", "POST", "OPTIONS"])
        if settings.SECURE_SSL_REDIRECT and request.path.startswith(_PROGRAMS) and not request.is_secure():
            detail = "Use https://. A key that was sent without it may have been read on the way: make a new one."
            return problem(request, status=403, code="https-required", detail=detail)
        return self.get_response(request)


class PrivateAnswersMiddleware:
    """Forbids keeping: no browser or proxy stores what a person or program was answered, unless the view says so.

    Static files are answered before this and are kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer with the header."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class RefusalLogMiddleware:
    """Logs each 401 and 403, whoever refused: a page, the API, the administration or a form's missing token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer. The log has ids and the path without its query, never content."""
        response = self.get_response(request)
        if response.status_code in (401, 403):
            who, context = getattr(request.user, "pk", None) or "nobody", current()
            told = (response.status_code, request.method, request.path, who, context.address, context.request_id)
            logger.warning("Refused with %d: %s %s, person %s, from %s, request %s", *told)
        return response


class SameOriginResourcesMiddleware:
    """Sends Cross-Origin-Resource-Policy, so that no other site's page can load our answers, not even blindly."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer with the header."""
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class ErrorPagesMiddleware:
    """Turns a MemshadowError that a view let through into a page or a toast. The API maps its own errors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do for answers."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for a refusal; None leaves other errors to Django."""
        if not isinstance(exception, MemshadowError):
            return None
        if wants_partial(request):
            return _toast(request, exception)
        if isinstance(exception, NotFound):
            return render(request, "404.html", status=404)
        if isinstance(exception, PermissionRefused) or exception.status >= 500:
            name = "403.html" if exception.status == 403 else "500.html"
            return render(request, name, {"reason": exception.message}, status=exception.status)
        if request.method == "POST" and (back := _came_from(request)):
            messages.error(request, exception.message)
            return redirect(back)
        return render(
            request, "400.html", {"reason": exception.message, "status": exception.status}, status=exception.status
        )


def _toast(request: HttpRequest, error: MemshadowError) -> HttpResponse:
    context = {"toasts": [{"text": error.message, "level": "error"}]}
    response = render(request, "components/_toasts_oob.html", context)
    response["HX-Reswap"] = "none"
    return response


def _came_from(request: HttpRequest) -> str:
    """The path of the page that sent the form, when it is one of ours."""
    referer = urlsplit(request.headers.get("Referer", ""))
    if referer.netloc != request.get_host():
        return ""
    return referer.path + (f"?{referer.query}" if referer.query else "")
