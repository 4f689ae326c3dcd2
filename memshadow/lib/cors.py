"""Cross-origin requests to the JSON API: refused, unless the origin is on the allow-list."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

_PATHS = ("/api/", "/ingest", "/retrieve", "/mcp")
_METHODS = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, X-API-Key, X-Memshadow-Space, "
    "Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name"
)
_EXPOSED = (
    "Content-Disposition, Location, RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, "
    "Retry-After, WWW-Authenticate, X-Request-ID"
)
_PREFLIGHT_AGE_S = 600


class CorsMiddleware:
    """Answers preflights and adds headers for origins in CORS_ORIGINS (`*`: any).

    Credentials are never allowed: from another origin only an API key in a header works, never the session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin = request.headers.get("Origin", "")
        if not origin or not request.path_info.startswith(_PATHS):
            return self.get_response(request)
        preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = HttpResponse(status=204) if preflight else self.get_response(request)
        allowed = _allowed(origin)
        if allowed:
            response["Access-Control-Allow-Origin"] = allowed
            response["Access-Control-Expose-Headers"] = _EXPOSED
        if allowed and preflight:
            response["Access-Control-Allow-Methods"] = _METHODS
            response["Access-Control-Allow-Headers"] = _HEADERS
            response["Access-Control-Max-Age"] = str(_PREFLIGHT_AGE_S)
        patch_vary_headers(response, ["Origin"])
        return response


def _allowed(origin: str) -> str:
    if "*" in settings.CORS_ORIGINS:
        return "*"
    return origin if origin.rstrip("/") in settings.CORS_ORIGINS else ""
