"""What the token, revocation and introspection endpoints answer."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauth2_provider.models import AccessToken, RefreshToken
from oauth2_provider.oauth2_backends import OAuthLibCore, get_oauthlib_core
from oauthlib.common import Request as OAuthRequest
from oauthlib.oauth2.rfc6749.errors import OAuth2Error
from oauthlib.oauth2.rfc6749.tokens import BearerToken

from accounts.audit import record
from accounts.models import DeviceRequest
from accounts.oauth.clients import DEVICE_GRANT, is_confidential, is_unverified, may_use_devices
from accounts.oauth.resources import issuer
from accounts.oauth.token_texts import access_text, checksum, refresh_text
from memshadow.lib.clock import now

GRANT_TYPES = ("authorization_code", "refresh_token", DEVICE_GRANT)
_SLOWER_BY_S = 5
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@cache
def core() -> OAuthLibCore:
    """The authorization server."""
    return get_oauthlib_core()


def oauth_error(error: str, description: str = "", *, status: int = 400) -> HttpResponse:
    """An error as RFC 6749, section 5.2, writes it."""
    body = {"error": error} | ({"error_description": description} if description else {})
    headers = _NO_STORE | ({"WWW-Authenticate": 'Basic realm="memshadow"'} if status == 401 else {})
    return JsonResponse(body, status=status, headers=headers)


def token_answer(request: HttpRequest) -> HttpResponse:
    """Tokens for a code, a refresh token or an approved device; one transaction, so that nothing is used twice."""
    grant_type = request.POST.get("grant_type", "")
    if grant_type not in GRANT_TYPES:
        return oauth_error("unsupported_grant_type", f"This server knows {', '.join(GRANT_TYPES)}.")
    with transaction.atomic():
        if grant_type == DEVICE_GRANT:
            return _device_answer(request)
        _, headers, body, status = core().create_token_response(request)
    return HttpResponse(body, status=status, headers={**headers, **_NO_STORE, "Content-Type": "application/json"})


def revocation_answer(request: HttpRequest) -> HttpResponse:
    """RFC 7009: an app ends a token of its own. Unknown tokens are ended already."""
    with transaction.atomic():
        owner, application = _holder(request.POST.get("token", ""))
        _, headers, body, status = core().create_revocation_response(request)
        if status == 200 and owner is not None and _holder(request.POST["token"])[0] is None:
            record("oauth.token_revoked", actor=owner, target=application)
    return HttpResponse(body, status=status, headers={**headers, **_NO_STORE})


def _holder(text: str) -> tuple[Any, Any]:
    """Whose live token this is, and of which app."""
    hashed = checksum(text)
    row = (
        AccessToken.objects.filter(token_checksum=hashed).first()
        or RefreshToken.objects.filter(token_checksum=hashed, revoked=None).first()
    )
    return (row.user, row.application) if row is not None else (None, None)


def introspection_answer(request: HttpRequest) -> HttpResponse:
    """RFC 7662, for apps with a secret: their own tokens, and everybody's to those that an administrator made."""
    asking = authenticated_client(request)
    if asking is None or not is_confidential(asking):
        return oauth_error("invalid_client", "Only apps with a secret may ask about tokens.", status=401)
    hashed = checksum(request.POST.get("token", ""))
    found = AccessToken.objects.select_related("user", "application").filter(token_checksum=hashed).first()
    if found is None or found.is_expired() or not found.user.is_active:
        return JsonResponse({"active": False}, headers=_NO_STORE)
    if found.application_id != asking.pk and is_unverified(asking):
        return JsonResponse({"active": False}, headers=_NO_STORE)
    return JsonResponse(_described(found, issuer(request)), headers=_NO_STORE)


def _described(token: AccessToken, server: str) -> dict[str, Any]:
    return {
        "active": True,
        "scope": token.scope,
        "client_id": token.application.client_id,
        "sub": str(token.user_id),
        "token_type": "Bearer",
        "iss": server,
        "iat": int(token.created.timestamp()),
        "exp": int(token.expires.timestamp()),
        **({"aud": token.resource} if token.resource else {}),
    }


def authenticated_client(request: HttpRequest) -> Any:
    """The app that sent the request: proven by its secret, or named when it has none. None for any other."""
    return _client_of(_oauth_request(request))


def _oauth_request(request: HttpRequest) -> OAuthRequest:
    uri, method, body, headers = core()._extract_params(request)
    return OAuthRequest(uri, method, body, headers)


def _client_of(asked: OAuthRequest) -> Any:
    validator = core().server.request_validator
    asked.client = None
    if validator.client_authentication_required(asked):
        known = validator.authenticate_client(asked)
    else:
        known = validator.authenticate_client_id(asked.client_id, asked)
    return asked.client if known else None


def _device_answer(request: HttpRequest) -> HttpResponse:
    """RFC 8628, section 3.5: what a waiting program is told, and at last its tokens."""
    asked = _oauth_request(request)
    client = _client_of(asked)
    if client is None or not may_use_devices(client):
        return oauth_error("invalid_client", "This app may not sign in by a typed code.", status=401)
    hashed = checksum(request.POST.get("device_code", ""))
    row = DeviceRequest.objects.select_for_update().filter(device_code_hash=hashed, application=client).first()
    if row is None:
        return oauth_error("invalid_grant", "This device code is unknown or was used.")
    refusal = _why_not_yet(row)
    if refusal:
        return oauth_error(refusal)
    return _device_tokens(asked, row)


def _why_not_yet(row: DeviceRequest) -> str:
    """The error for a program that has nothing to get yet; empty once somebody has approved it."""
    moment = now()
    if row.expires_at <= moment:
        return "expired_token"
    if row.state == DeviceRequest.State.REFUSED:
        return "access_denied"
    if row.state == DeviceRequest.State.APPROVED:
        return "" if row.owner is not None and row.owner.is_active else "access_denied"
    too_soon = row.polled_at is not None and moment - row.polled_at < timedelta(seconds=row.interval_s)
    row.interval_s += _SLOWER_BY_S if too_soon else 0
    row.polled_at = moment
    row.save(update_fields=["interval_s", "polled_at"])
    return "slow_down" if too_soon else "authorization_pending"


def _device_tokens(asked: OAuthRequest, row: DeviceRequest) -> HttpResponse:
    """Tokens with what was approved, whatever the program asks for now; the row is used up."""
    validator = core().server.request_validator
    asked.user, asked.scopes, asked.resource = row.owner, row.scopes, row.resource
    asked.grant_type, asked.extra_credentials = DEVICE_GRANT, None
    bearer = BearerToken(validator, access_text, settings.OAUTH_ACCESS_S, refresh_text)
    token = bearer.create_token(asked, refresh_token=True)
    try:
        validator.save_token(token, asked)
    except OAuth2Error as error:
        return HttpResponse(error.json, status=error.status_code, content_type="application/json")
    row.delete()
    return HttpResponse(json.dumps(token), headers={**_NO_STORE, "Content-Type": "application/json"})
