"""To the organisation's SAML identity provider and back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.access import needs_no_sign_in
from accounts.audit import Result, record
from accounts.saml import IdentityProvider, answer_of, identity_provider, way_there
from accounts.views.single_sign_on import let_in
from memshadow.lib.errors import MemshadowError, PermissionRefused

View = Callable[[HttpRequest], HttpResponse]
_ASKED, _NEXT = "saml_asked", "saml_next"


def _or_back_to_the_sign_in_page(view: View) -> View:
    @wraps(view)
    def tried(request: HttpRequest) -> HttpResponse:
        if not settings.SAML_METADATA:
            raise Http404("Signing in by SAML is not set up.")
        try:
            return view(request)
        except MemshadowError as error:
            record("account.sign_in_failed", actor=None, result=Result.FAILED, by="identity provider")
            messages.error(request, error.message)
            return redirect("accounts:login")

    return tried


@needs_no_sign_in
@never_cache
@require_GET
@_or_back_to_the_sign_in_page
def begin(request: HttpRequest) -> HttpResponse:
    """Send the person to the provider with a request of this session."""
    request.session[_ASKED] = asked = f"id-{secrets.token_hex(20)}"
    request.session[_NEXT] = request.GET.get("next", "")
    back = request.build_absolute_uri(reverse("accounts:saml_complete"))
    return redirect(way_there(_provider(), entity_id=entity_id(request), back=back, request_id=asked))


# The provider's page posts here, so there is no token of ours; what it says answers a request of this session, once.
@csrf_exempt
@needs_no_sign_in
@never_cache
@require_POST
@_or_back_to_the_sign_in_page
def complete(request: HttpRequest) -> HttpResponse:
    """Let in whom the provider vouches for, in the browser that went there; a second factor is asked for as always.

    A browser sends no cookie with what another site posts: a page of ours posts it once more, and then the session is
    known.
    """
    data = request.POST.get("SAMLResponse", "")
    if _ASKED not in request.session and "again" not in request.POST:
        return render(request, "accounts/saml_complete.html", {"answer": data, "provider": settings.SAML_NAME})
    answer = answer_of(data, _provider(), entity_id=entity_id(request))
    asked = request.session.pop(_ASKED, "")
    if not asked or not secrets.compare_digest(asked, answer.in_response_to):
        raise PermissionRefused("This answer belongs to no sign-in that was begun here. Begin again.")
    return let_in(request, answer.claims, request.session.pop(_NEXT, ""))


@needs_no_sign_in
@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    """What the provider needs to know of this server: its name and where answers go, as XML."""
    if not settings.SAML_METADATA:
        raise Http404("Signing in by SAML is not set up.")
    back = request.build_absolute_uri(reverse("accounts:saml_complete"))
    told = {"entity_id": entity_id(request), "back": back}
    return render(request, "accounts/saml_metadata.xml", told, content_type="application/samlmetadata+xml")


def entity_id(request: HttpRequest) -> str:
    """This server's name there: the address of its metadata."""
    return request.build_absolute_uri(reverse("accounts:saml_metadata"))


def _provider() -> IdentityProvider:
    return identity_provider(Path(settings.SAML_METADATA or ""))
