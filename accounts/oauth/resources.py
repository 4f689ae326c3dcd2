"""What a token is for (RFC 8707): addresses of this server only, and then nothing beside them."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import normpath
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error


def issuer(request: HttpRequest) -> str:
    """This server's address without a slash at the end: as it is configured, else as it was asked."""
    configured: str = settings.OAUTH_ISSUER
    return configured or f"{request.scheme}://{request.get_host()}"


def check_resources(resources: Iterable[str], request: Any) -> None:
    """Raises invalid_target for an address that is not this server's. `request` is oauthlib's."""
    for resource in resources or ():
        if not _is_ours(resource, request):
            message = f"{resource[:200]!r} is not a resource of this server."
            raise CustomOAuth2Error(error="invalid_target", description=message, request=request)


def _is_ours(resource: str, request: Any) -> bool:
    asked = request.headers.get("HTTP_HOST") or request.headers.get("SERVER_NAME", "")
    host = urlsplit(settings.OAUTH_ISSUER).netloc or asked
    try:
        parts = urlsplit(resource)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and parts.netloc.lower() == host.lower()


def reaches(resources: Iterable[str], path: str) -> bool:
    """Whether a token for these may be used at a path; one without is for everything here."""
    asked = normpath(path).rstrip("/") + "/"
    prefixes = [normpath(urlsplit(resource).path or "/").rstrip("/") + "/" for resource in resources]
    return not prefixes or any(asked.startswith(prefix) for prefix in prefixes)
