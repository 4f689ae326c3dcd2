"""What a page shows when a service refuses: 404, 403, or a message beside the page that one was on."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from memshadow.lib.errors import MemshadowError, NotFound, PermissionRefused
from memshadow.lib.htmx import wants_partial


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
            return render(request, "403.html" if exception.status == 403 else "500.html", status=exception.status)
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
