"""`/mcp`: who is calling, from which page, by which method; the SDK does the rest."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from accounts.agents import Caller
from accounts.oauth.resources import issuer
from accounts.scopes import scope
from memshadow.api import guarded
from memshadow.lib.errors import PermissionRefused

_AUTHENTICATED = scope("any", by_session=False)


def _endpoint(request: HttpRequest) -> HttpResponse:
    """Each tool asks for its own scope; an app's token or an API key is needed for all of them.

    No session and no stream is kept, so that GET and DELETE have nothing to do here; the standard lets a server say so.
    """
    access = _AUTHENTICATED(request)
    _check_origin(request)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    from memshadow.mcp.exchange import answer

    return answer(Caller(access, issuer(request)), request)


def _check_origin(request: HttpRequest) -> None:
    """The standard has servers refuse pages of unknown sites, against DNS rebinding."""
    origin = request.headers.get("Origin", "").rstrip("/")
    known = {issuer(request), f"{request.scheme}://{request.get_host()}"} | settings.CORS_ORIGINS
    if origin and origin not in known and "*" not in known:
        raise PermissionRefused("This page's site is not allowed here; name it in MEMSHADOW_CORS_ORIGINS.")


endpoint = guarded(_endpoint)
"""The view."""
