"""Asking who one is before anything that hurts: the page, and what a view declares to have it asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.access import needs, signed_in
from accounts.flows.confirming import BY_AUTHENTICATOR, confirm_identity, is_confirmed, proofs_for
from accounts.mfa.middleware import open_before_second_factor
from accounts.mfa.passkeys import confirming_options
from memshadow.lib.errors import NotAuthenticated, ValidationFailed

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
_BY, _ANSWER = "confirm_by", "confirm_answer"
_ANSWER_MAX = 20_000
_ASKING = (_BY, _ANSWER, "csrfmiddlewaretoken")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def confirmed(view: View) -> View:
    """`@confirmed`: whoever comes to this view must have confirmed who they are; a form that is sent is not lost."""

    @wraps(view)
    @sensitive_post_parameters(_ANSWER)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return ask_identity(request) or view(request, *args, **kwargs)

    return cast(View, guarded)


def confirmed_to_change(view: View) -> View:
    """`@confirmed_to_change`: looking is free, sending a form needs confirmation."""

    @wraps(view)
    @sensitive_post_parameters(_ANSWER)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refused = None if request.method in _SAFE_METHODS else ask_identity(request)
        return refused or view(request, *args, **kwargs)

    return cast(View, guarded)


def ask_identity(request: HttpRequest) -> HttpResponse | None:
    """None for a confirmed session; else what asks.

    A GET is sent to the page that asks and comes back. A POST gets a page that holds what was sent and POSTs it to
    the same address again, with the answer, which never reaches the view.
    """
    if is_confirmed(request):
        return None
    if request.method in _SAFE_METHODS:
        return redirect(f"{reverse('accounts:confirm')}?{urlencode({'next': request.get_full_path()})}")
    kept = [(name, value) for name, values in request.POST.lists() for value in values if name not in _ASKING]
    return _judged(request, url=request.get_full_path(), fields=kept)


@open_before_second_factor
@needs("account")
@never_cache
@sensitive_post_parameters(_ANSWER)
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask, then go on to `next`, which must be a page of this server."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    lands = wanted if safe else reverse("accounts:account")
    page = _judged(request, url=reverse("accounts:confirm"), fields=[("next", lands)])
    return page or redirect(lands)


@sensitive_variables("answer")
def _judged(request: HttpRequest, *, url: str, fields: list[tuple[str, str]]) -> HttpResponse | None:
    """None once a right answer came with this request, and is taken out of it; else the page that asks."""
    by, answer = request.POST.get(_BY), request.POST.get(_ANSWER, "")[:_ANSWER_MAX]
    error = ""
    if by is not None:
        try:
            confirm_identity(request, by=by, answer=answer)
        except ValidationFailed as refusal:
            error = refusal.message
        except NotAuthenticated as refusal:
            return signed_out(request, refusal)
        else:
            kept = request.POST.copy()
            for name in (_BY, _ANSWER):
                kept.pop(name, None)
            request.POST = kept  # type: ignore[assignment]  # Django's setter takes any QueryDict
            return None
    context = _ways(request) | {"url": url, "fields": fields, "error": error, "chosen": by}
    response = render(request, "accounts/confirm.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _ways(request: HttpRequest) -> dict[str, Any]:
    """The proofs that this page can take, and the question to the authenticator where it is one of them."""
    proofs = proofs_for(signed_in(request))
    asked = any(proof.input_type == BY_AUTHENTICATOR for proof in proofs)
    options = confirming_options(request, signed_in(request)) if asked else None
    return {"options": options, "proofs": [p for p in proofs if options or p.input_type != BY_AUTHENTICATOR]}


def signed_out(request: HttpRequest, refusal: NotAuthenticated) -> HttpResponse:
    """Where somebody lands whose session was ended after too many wrong answers."""
    logout(request)
    messages.error(request, refusal.message)
    return redirect("accounts:login")
