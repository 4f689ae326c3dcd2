"""The addresses that apps call themselves: tokens, registration, devices, and what this server says about itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from oauthlib.oauth2 import OAuth2Error

from accounts.access import needs_no_sign_in
from accounts.limits.charging import charge_address
from accounts.limits.counting import RateLimited
from accounts.oauth import devices, issuing, metadata, registration
from accounts.oauth.clients import may_use_devices
from accounts.oauth.issuing import authenticated_client, oauth_error
from accounts.oauth.resources import check_resources, issuer
from memshadow.lib import request_context
from memshadow.lib.errors import ValidationFailed

View = Callable[..., HttpResponse]
_BODY_MAX_BYTES = 64 * 1024


def _for_apps(view: View) -> View:
    """A POST without a session: nothing to forge, errors as OAuth writes them, nothing that a database cannot hold."""

    @csrf_exempt
    @needs_no_sign_in
    @sensitive_post_parameters()
    @require_POST
    @wraps(view)
    def called(request: HttpRequest) -> HttpResponse:
        if int(request.META.get("CONTENT_LENGTH") or 0) > _BODY_MAX_BYTES:
            return oauth_error("invalid_request", "The body is too large.", status=413)
        if any("\x00" in value for values in request.POST.lists() for value in (values[0], *values[1])):
            return oauth_error("invalid_request", "A value holds a NUL character.")
        try:
            return view(request)
        except RateLimited as error:
            refusal = oauth_error("slow_down", error.message, status=429)
            refusal["Retry-After"] = str(error.details.get("retry_after_s", 60))
            return refusal

    return called  # type: ignore[return-value]


@_for_apps
def token(request: HttpRequest) -> HttpResponse:
    """Tokens for a code, a refresh token, or an approved device."""
    return issuing.token_answer(request)


@_for_apps
def revoke(request: HttpRequest) -> HttpResponse:
    """End a token."""
    return issuing.revocation_answer(request)


@_for_apps
def introspect(request: HttpRequest) -> HttpResponse:
    """Tell an app with a secret about a token."""
    return issuing.introspection_answer(request)


@_for_apps
def register(request: HttpRequest) -> HttpResponse:
    """Register an app, without signing in."""
    if not settings.OAUTH_REGISTRATION_OPEN:
        return oauth_error("access_denied", "An administrator of this server registers apps.", status=403)
    if request.content_type != "application/json":
        return oauth_error("invalid_client_metadata", "Send a JSON document (Content-Type: application/json).")
    charge_address(request, "oauth-registrations", settings.RATE_LIMIT_OAUTH_REGISTRATIONS)
    charge_address(request, "oauth-registrations-all", settings.RATE_LIMIT_OAUTH_REGISTRATIONS_ALL, everybody=True)
    try:
        made = registration.register(request.body)
    except ValidationFailed as error:
        is_redirect = error.details.get("field") == "redirect_uris"
        return oauth_error("invalid_redirect_uri" if is_redirect else "invalid_client_metadata", error.message)
    return JsonResponse(made.answer(), status=201, headers={"Cache-Control": "no-store"})


@_for_apps
def device_authorization(request: HttpRequest) -> HttpResponse:
    """Begin signing in a program that has no browser."""
    charge_address(request, "oauth-devices", settings.RATE_LIMIT_OAUTH_DEVICES)
    application = authenticated_client(request)
    if application is None or not may_use_devices(application):
        return oauth_error("invalid_client", "This app may not sign in by a typed code.", status=401)
    resource = request.POST.getlist("resource")
    try:
        check_resources(resource, issuing._oauth_request(request))
        made = devices.begin(
            application=application,
            scopes=request.POST.get("scope", "").split(),
            resource=resource,
            address=request_context.current().address,
        )
    except OAuth2Error as error:
        return oauth_error(error.error, error.description)
    except ValidationFailed as error:
        return oauth_error("invalid_scope", error.message)
    return JsonResponse(_told(made, issuer(request)), headers={"Cache-Control": "no-store"})


def _told(made: devices.NewDevice, here: str) -> dict[str, Any]:
    page = f"{here}/account/device/"
    return {
        "device_code": made.device_code,
        "user_code": made.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?code={made.user_code}",
        "expires_in": made.expires_in_s,
        "interval": made.interval_s,
    }


@needs_no_sign_in
@require_safe
def authorization_server(request: HttpRequest) -> HttpResponse:
    """How to sign in here, for programs."""
    return _open_to_scripts(metadata.authorization_server(request))


@needs_no_sign_in
@require_safe
def protected_resource(request: HttpRequest, path: str = "") -> HttpResponse:
    """Which authorization server and scopes this server, or one part of it, wants."""
    path = path.strip("/")
    if path not in metadata.RESOURCES:
        raise Http404
    return _open_to_scripts(metadata.protected_resource(request, path))


def _open_to_scripts(document: dict[str, Any]) -> HttpResponse:
    """It holds nothing of anybody, so that any page may read it."""
    return JsonResponse(document, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"})
