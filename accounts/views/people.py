"""The people of this server, for those who manage it: who has a second factor, who must, and starting over."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import needs, signed_in
from accounts.forms import MfaPolicyForm
from accounts.intrusion.telling import mail_is_set_up
from accounts.mfa.people import people_page
from accounts.mfa.policy import require_mfa_of
from accounts.mfa.resetting import person_or_404, reset_of_person
from accounts.mfa.standing import mfa_required
from accounts.views.confirming import confirmed_to_change
from memshadow.lib.confirming import ask_first


@needs("server")
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everyone, and of whom a second factor is required."""
    user = signed_in(request)
    form = MfaPolicyForm(request.POST or None, initial={"mfa_required": mfa_required()})
    if request.method == "POST" and form.is_valid():
        require_mfa_of(by=user, whom=form.cleaned_data["mfa_required"])
        messages.success(request, "Saved.")
        return redirect("accounts:people")
    page = people_page(by=user, cursor=request.GET.get("cursor"))
    return render(request, "accounts/people.html", {"form": form, "page": page})


@needs("server")
@require_POST
@confirmed_to_change
def reset_second_factor(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Let in who lost their phone and their codes."""
    by = signed_in(request)
    person = person_or_404(by, person_id)
    page = ask_first(
        request,
        question=f"Reset the second factor of {person}?",
        text="Their apps, passkeys and backup codes stop working, and their password alone signs them in. Make sure "
        "that it is really they who ask.",
        yes="Reset",
        back_url=reverse("accounts:people"),
    )
    if page is not None:
        return page
    reset_of_person(by=by, person_id=person_id)
    told = " They were told by mail." if mail_is_set_up() else " Tell them: this server sends no mail."
    messages.success(request, f"{person} signs in with the password alone now.{told}")
    return redirect("accounts:people")
