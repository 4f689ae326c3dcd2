"""The gateway's addresses: those of the vendors, and one for any other server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from accounts.access import needs_no_sign_in
from accounts.spaces.acting import HEADER as SPACE_HEADER
from memories.gateway.refusals import GatewayRefused
from memories.gateway.routing import Route, route_of, routed
from memories.gateway.serving import serve
from memshadow.lib.errors import MemshadowError

View = Callable[..., HttpResponseBase]


def _face(view: View) -> View:
    """Keys are asked for inside, and refusals are worded for the client's SDK."""
    open_view = csrf_exempt(needs_no_sign_in(view))
    open_view.counts_itself = True  # type: ignore[attr-defined]  # RateLimitMiddleware leaves it to admission.admit
    return open_view


@_face
def vendor(request: HttpRequest) -> HttpResponseBase:
    """POST /v1/chat/completions and its kind: the paths under which the vendors' own servers answer."""
    return _served(request, route_of(request.path, is_anthropic=_is_anthropic(request)))


@_face
def router(request: HttpRequest, given: str) -> HttpResponseBase:
    """/gateway/https://api.example.org/v1/…: any server, whose address follows ours."""
    try:
        route = routed(given, is_anthropic=_is_anthropic(request))
    except GatewayRefused as error:
        return _refused(route_of("/v1/chat/completions"), error)
    return _served(request, route)


def _served(request: HttpRequest, route: Route) -> HttpResponseBase:
    if SPACE_HEADER in request.headers:  # going on with one's own memories would be another thing than was asked
        text = f"The gateway works with your own memories only; leave out {SPACE_HEADER}."
        return _refused(route, GatewayRefused(text))
    try:
        return serve(request, route)
    except MemshadowError as error:
        return _refused(route, error)


def _refused(route: Route, error: MemshadowError) -> HttpResponse:
    details: dict[str, Any] = error.details
    wait_s = details.get("retry_after_s")
    return HttpResponse(
        json.dumps(route.dialect.error(error.status, error.message, error.code)),
        status=error.status,
        content_type="application/json",
        headers={"Retry-After": str(wait_s)} if wait_s else {},
    )


def _is_anthropic(request: HttpRequest) -> bool:
    return "anthropic-version" in request.headers
