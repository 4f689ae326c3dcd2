"""The pages on which people decide about apps: consent, the code of a device, and the list of connected apps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import needs, signed_in
from accounts.flows.confirming import is_confirmed
from accounts.forms import ServiceForm
from accounts.models import DeviceRequest, User
from accounts.oauth import authorizing, devices
from accounts.oauth.clients import is_unverified
from accounts.oauth.connections import connection_or_404, connections_of, disconnect
from accounts.oauth.redirects import form_targets, where
from accounts.permissions import SCOPES
from accounts.views.confirming import confirmed_to_change
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import NotFound, ValidationFailed


class ConsentForm(ServiceForm):
    """What an app may do, each ticked off by the person."""

    scopes = forms.MultipleChoiceField(label="It may", widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, offered: Sequence[str], data: Any = None) -> None:
        super().__init__(data, initial={"scopes": list(offered)})
        self.fields["scopes"].choices = [(name, SCOPES[name]) for name in offered]  # type: ignore[attr-defined]


class CodeForm(ServiceForm):
    """The code that a program shows."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Eight letters, as the program shows them.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}
        ),
    )


class _ToTheApp(HttpResponse):
    """A redirect to an address that was checked when its app registered it, whatever its scheme."""

    status_code = 302

    def __init__(self, uri: str) -> None:
        super().__init__(headers={"Location": uri})


@needs("account")
@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponseBase:
    """Ask the person whether the app may come in. The question is always read from the address, never from the form."""
    user = signed_in(request)
    try:
        question = authorizing.question_of(request)
        if not is_confirmed(request):  # asked before the question, for its answer may lead to another site
            return redirect(f"{reverse('accounts:confirm')}?{urlencode({'next': request.get_full_path()})}")
        form = ConsentForm(question.offered_to(user), request.POST or None)
        answer = _consented(request, question, user, form) if request.method == "POST" else None
    except authorizing.AnsweredAtOnce as error:
        return _ToTheApp(error.uri)
    except authorizing.BadQuestion as error:
        return render(request, "accounts/oauth_refused.html", {"reason": error.message}, status=400)
    return answer or _consent_page(request, question, user, form)


def _consented(
    request: HttpRequest, question: authorizing.Question, user: User, form: ConsentForm
) -> HttpResponseBase | None:
    if request.POST.get("answer") != "approve":
        return _ToTheApp(authorizing.refuse(request, question, user))
    if form.is_valid():
        try:
            return _ToTheApp(authorizing.approve(request, question, user, form.cleaned_data["scopes"]))
        except ValidationFailed as error:
            form.refuse(error)
    return None


def _consent_page(request: HttpRequest, question: authorizing.Question, user: User, form: ConsentForm) -> HttpResponse:
    context = {
        "application": question.application,
        "unverified": is_unverified(question.application),
        "where": where(question.redirect_uri),
        "redirect_uri": question.redirect_uri,
        "offered": question.offered_to(user),
        "form": form,
    }
    response = render(request, "accounts/oauth_consent.html", context)
    # Browsers apply form-action to where the answer sends them, too.
    response._csp_update = {"form-action": form_targets(question.redirect_uri)}  # type: ignore[attr-defined]
    return response


@needs("account")
@confirmed_to_change
@never_cache
@require_http_methods(["GET", "POST"])
def device(request: HttpRequest) -> HttpResponseBase:
    """Type the code, see who asks for what, decide."""
    user, code = signed_in(request), request.POST.get("code", "")
    if request.method == "GET":
        return _code_page(request, CodeForm(initial={"code": request.GET.get("code", "")[:40]}))
    try:
        row = devices.waiting_for(code)
        form = ConsentForm(devices.offered_to(row, user), request.POST if "answer" in request.POST else None)
        answered = _device_answered(request, user, code, form) if "answer" in request.POST else None
    except NotFound as error:
        wrong = CodeForm({"code": code})
        wrong.refuse(ValidationFailed(error.message, field="code"))
        return _code_page(request, wrong)
    return answered or _device_page(request, user, row, form)


def _code_page(request: HttpRequest, form: CodeForm) -> HttpResponse:
    return render(request, "accounts/oauth_device.html", {"form": form})


def _device_answered(request: HttpRequest, user: User, code: str, form: ConsentForm) -> HttpResponse | None:
    if request.POST["answer"] != "approve":
        row = devices.refuse_device(typed=code, user=user)
        messages.success(request, f"{row.application.name} was refused.")
        return redirect("accounts:apps")
    if form.is_valid():
        try:
            row = devices.approve_device(typed=code, user=user, scopes=form.cleaned_data["scopes"])
        except ValidationFailed as error:
            form.refuse(error)
            return None
        messages.success(request, f"{row.application.name} is connected. Go back to its window.")
        return redirect("accounts:apps")
    return None


def _device_page(request: HttpRequest, user: User, row: DeviceRequest, form: ConsentForm) -> HttpResponse:
    context = {
        "application": row.application,
        "asked_from": row.address,
        "asked_at": row.created_at,
        "code": request.POST["code"],
        "offered": devices.offered_to(row, user),
        "form": form,
    }
    return render(request, "accounts/oauth_device_consent.html", context)


@needs("account")
@require_GET
def apps(request: HttpRequest) -> HttpResponse:
    """The apps that this person let in."""
    rows = connections_of(signed_in(request))
    for row in rows:
        row.unverified = is_unverified(row.application)  # type: ignore[attr-defined]
    return render(request, "accounts/oauth_apps.html", {"connections": rows})


@needs("account")
@require_POST
def app_disconnect(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Show an app out."""
    user = signed_in(request)
    page = ask_first(
        request,
        question=f"Disconnect “{connection_or_404(user, connection_id).application.name}”?",
        text="All its tokens stop working at once. It can ask you again.",
        yes="Disconnect",
        back_url=reverse("accounts:apps"),
    )
    if page is not None:
        return page
    disconnect(owner=user, connection_id=connection_id)
    messages.success(request, "The app is disconnected.")
    return redirect("accounts:apps")
