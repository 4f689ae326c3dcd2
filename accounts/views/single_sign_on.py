"""To the organisation's identity provider and back: the authorization code flow of OpenID Connect with PKCE."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access import needs_no_sign_in
from accounts.audit import Result, record
from accounts.flows.single_sign_on import Claims, person_of
from accounts.mfa.signing_in import enter
from memshadow.lib.errors import MemshadowError, PermissionRefused

View = Callable[[HttpRequest], HttpResponse]
_NEXT = "sso_next"
_TIMEOUT_S = 10


def _or_back_to_the_sign_in_page(view: View) -> View:
    @wraps(view)
    def tried(request: HttpRequest) -> HttpResponse:
        if not (settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID):
            raise Http404("Single sign-on is not set up.")
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError
        from requests import RequestException

        try:
            return view(request)
        except MemshadowError as error:
            reason = error.message
        except (AuthlibBaseError, JoseError, RequestException, KeyError, ValueError, RuntimeError) as error:
            reason = f"{settings.OIDC_NAME} did not sign you in ({type(error).__name__}). Try again, or sign in here."
        record("account.sign_in_failed", actor=None, result=Result.FAILED, by="identity provider")
        messages.error(request, reason)
        return redirect("accounts:login")

    return tried


@needs_no_sign_in
@never_cache
@require_GET
@_or_back_to_the_sign_in_page
def begin(request: HttpRequest) -> HttpResponse:
    """Send the person to the provider, with a state, a nonce and a PKCE challenge of this session."""
    request.session[_NEXT] = request.GET.get("next", "")
    back = request.build_absolute_uri(reverse("accounts:sso_complete"))
    response: HttpResponse = _provider().authorize_redirect(request, back)
    return response


@needs_no_sign_in
@never_cache
@require_GET
@_or_back_to_the_sign_in_page
def complete(request: HttpRequest) -> HttpResponse:
    """Let in whom the provider vouches for, in the browser that went there; a second factor is asked for as always."""
    return let_in(request, _claims(request), request.session.get(_NEXT, ""))


def let_in(request: HttpRequest, claims: Claims, wanted: str) -> HttpResponse:
    """Whom a provider vouches for comes in, and goes where they wanted, on this site. Raises as `person_of`."""
    person = person_of(claims)
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        wanted = resolve_url("home")
    return redirect(wanted if enter(request, user=person, next_url=wanted) else "accounts:second_factor")


def _claims(request: HttpRequest) -> Claims:
    """What the checked ID token says, completed by the provider's user info where that has the address."""
    provider = _provider()
    token = provider.authorize_access_token(request)
    said: dict[str, Any] = dict(token["userinfo"])
    if str(said["iss"]).rstrip("/") != settings.OIDC_ISSUER:  # OpenID Connect Discovery, section 4.3
        raise PermissionRefused(f"{settings.OIDC_NAME} answered in another server's name. Tell who runs this server.")
    if "email" not in said and provider.load_server_metadata().get("userinfo_endpoint"):
        more = dict(provider.userinfo(token=token))
        if more.get("sub") == said["sub"]:  # OpenID Connect Core, section 5.3.2
            said = {**more, **said}
    return Claims(
        issuer=str(said["iss"]),
        provider=settings.OIDC_NAME,
        subject=str(said["sub"]),
        email=str(said.get("email") or ""),
        email_verified=said.get("email_verified") is True or settings.OIDC_TRUSTS_EMAIL,
        name=str(said.get("name") or ""),
    )


def _provider() -> Any:
    return _registered(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)


@lru_cache(maxsize=4)
def _registered(issuer: str, client_id: str, client_secret: str) -> Any:
    from authlib.integrations.django_client import OAuth

    return OAuth().register(
        "oidc",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": _TIMEOUT_S,
        },
    )
