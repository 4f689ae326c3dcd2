"""What this server tells apps about itself (RFC 8414, RFC 9728)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.oauth.clients import DEVICE_GRANT, UNVERIFIED_SCOPES
from accounts.oauth.resources import issuer

_AUTH_METHODS = ["none", "client_secret_basic", "client_secret_post"]
RESOURCES = {
    "": UNVERIFIED_SCOPES,
    "mcp": frozenset({"memories:read", "memories:write", "memories:delete"}),
    "api/v1": UNVERIFIED_SCOPES,
}
"""The parts of this server that can be asked for alone, by their path, with the scopes that are of use there."""


def authorization_server(request: HttpRequest) -> dict[str, Any]:
    """The document at /.well-known/oauth-authorization-server."""
    here = issuer(request)

    def at(name: str) -> str:
        return here + reverse(f"oauth:{name}")

    told = {
        "issuer": here,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "revocation_endpoint": at("revoke"),
        "introspection_endpoint": at("introspect"),
        "device_authorization_endpoint": at("device_authorization"),
        "scopes_supported": sorted(UNVERIFIED_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": _AUTH_METHODS,
        "revocation_endpoint_auth_methods_supported": _AUTH_METHODS,
        "introspection_endpoint_auth_methods_supported": _AUTH_METHODS[1:],
        "authorization_response_iss_parameter_supported": True,
    }
    return told | ({"registration_endpoint": at("register")} if settings.OAUTH_REGISTRATION_OPEN else {})


def protected_resource(request: HttpRequest, path: str = "") -> dict[str, Any]:
    """The document at /.well-known/oauth-protected-resource, for this server or one part of it."""
    here = issuer(request)
    return {
        "resource": f"{here}/{path}" if path else here,
        "resource_name": "MEMSHADOW",
        "authorization_servers": [here],
        "scopes_supported": sorted(RESOURCES[path]),
        "bearer_methods_supported": ["header"],
        "resource_documentation": f"{here}/api/v1/docs",
    }


def challenge(request: HttpRequest) -> str:
    """A 401's hint where an app learns how to get a token (RFC 9728, section 5.1); at /mcp with its scopes."""
    address = issuer(request) + reverse("oauth:protected_resource")
    if request.path != "/mcp":
        return f'resource_metadata="{address}"'
    return f'resource_metadata="{address}/mcp", scope="{" ".join(sorted(RESOURCES["mcp"]))}"'
