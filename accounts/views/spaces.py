"""Spaces: making one, who is in it, offering it, leaving it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import needs, signed_in
from accounts.flows.erasing import GRACE
from accounts.forms import GroupShareForm, OfferForm, SpaceForm
from accounts.models import SpaceRole
from accounts.spaces import making, offering, sharing
from accounts.spaces.membership import Membership, membership_or_404, memberships_of, shares_of
from accounts.views.confirming import confirmed_to_change
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError

_GRACE_DAYS = GRACE.days
_DELETING = (
    f"In {_GRACE_DAYS} days its keys are destroyed and every memory in it is erased, for everybody in it; nothing of it"
    " comes into anybody’s own library. Until then everything works, can be exported, and you can change your mind."
)


@needs("account")
@require_http_methods(["GET", "POST"])
def spaces(request: HttpRequest) -> HttpResponse:
    """The spaces one is in, and what one is offered; POST makes a new one."""
    person, form = signed_in(request), SpaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = making.create_space(by=person, name=form.cleaned_data["name"])
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "The space is there, and nobody but you is in it yet.")
            return redirect("accounts:space", made.space.id)
    context = {"spaces": memberships_of(person), "offers": offering.offers_to(person), "form": form}
    return render(request, "accounts/spaces.html", context)


@needs("account")
@require_http_methods(["GET", "POST"])
def space(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """Who is in a space; for its managers, everything that they can do. POST renames it."""
    membership = membership_or_404(signed_in(request), space_id)
    form = SpaceForm(request.POST or None, initial={"name": membership.space.name})
    if request.method == "POST" and form.is_valid():
        try:
            making.rename_space(manager=membership, name=form.cleaned_data["name"])
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("accounts:space", space_id)
    return _page(request, membership, form=form)


def _page(request: HttpRequest, membership: Membership, **forms: Any) -> HttpResponse:
    here, manages = membership.space, membership.is_manager
    context = {
        "membership": membership,
        "shares": shares_of(here),
        "offers": offering.offers_of(here) if manages else [],
        "offer_form": OfferForm(),
        "group_form": GroupShareForm(person=membership.person),
        "roles": SpaceRole.choices,
        "deletion": making.deletion_of(here),
        "deleting": _DELETING,
        **forms,
    }
    context.setdefault("form", SpaceForm(initial={"name": here.name}))
    return render(request, "accounts/space.html", context)


@needs("account")
@require_POST
@confirmed_to_change
def space_offer(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """Offer it to an address. The answer is the same whether somebody has that address or not."""
    membership, form = membership_or_404(signed_in(request), space_id), OfferForm(request.POST)
    if not form.is_valid():
        return _page(request, membership, offer_form=form)
    try:
        offering.offer_space(manager=membership, **form.cleaned_data)
    except MemshadowError as error:
        form.refuse(error)
        return _page(request, membership, offer_form=form)
    messages.success(request, "Offered. If somebody here has this address, they can take it up within 14 days.")
    return redirect("accounts:space", space_id)


@needs("account")
@require_POST
def space_offer_withdraw(request: HttpRequest, space_id: UUID, offer_id: UUID) -> HttpResponse:
    """Take an offer back."""
    offering.withdraw_offer(manager=membership_or_404(signed_in(request), space_id), offer_id=offer_id)
    messages.success(request, "The offer is withdrawn.")
    return redirect("accounts:space", space_id)


@needs("account")
@require_POST
@confirmed_to_change
def space_group(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """Share it with a group."""
    membership = membership_or_404(signed_in(request), space_id)
    form = GroupShareForm(request.POST, person=membership.person)
    if not form.is_valid():
        return _page(request, membership, group_form=form)
    try:
        data = form.cleaned_data
        sharing.share_with_group(manager=membership, group_id=data["group"], role=data["role"])
    except MemshadowError as error:
        form.refuse(error)
        return _page(request, membership, group_form=form)
    messages.success(request, "Everybody in the group is in the space now.")
    return redirect("accounts:space", space_id)


@needs("account")
@require_POST
@confirmed_to_change
def space_role(request: HttpRequest, space_id: UUID, share_id: UUID) -> HttpResponse:
    """Give somebody in it another role."""
    manager = membership_or_404(signed_in(request), space_id)
    sharing.change_role(manager=manager, share_id=share_id, role=request.POST.get("role", ""))
    messages.success(request, "They have the other role now, and were told.")
    return redirect("accounts:space", space_id)


@needs("account")
@require_POST
@confirmed_to_change
def space_unshare(request: HttpRequest, space_id: UUID, share_id: UUID) -> HttpResponse:
    """Take somebody out of it, and encrypt it anew if that was ticked."""
    manager = membership_or_404(signed_in(request), space_id)
    page = ask_first(
        request,
        question="Take them out of this space?",
        text="They find nothing of it from now on. What they wrote stays in it, and what they copied stays with them.",
        yes="Take them out",
        back_url=reverse("accounts:space", args=[space_id]),
    )
    if page is not None:
        return page
    was_own = manager.person.space_shares.filter(id=share_id).exists()
    sharing.unshare(manager=manager, share_id=share_id, renew_key=bool(request.POST.get("renew_key")))
    messages.success(request, "They are out of the space, and their copy of its key is gone.")
    return redirect("accounts:spaces" if was_own else reverse("accounts:space", args=[space_id]))


@needs("account")
@require_POST
def space_leave(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """Leave it."""
    member = membership_or_404(signed_in(request), space_id)
    page = ask_first(
        request,
        question="Leave this space?",
        text="You find nothing of it from now on. What you wrote in it stays there, for the others.",
        yes="Leave",
        back_url=reverse("accounts:space", args=[space_id]),
    )
    if page is not None:
        return page
    sharing.leave(member=member)
    messages.success(request, "You are in that space no more.")
    return redirect("accounts:spaces")


@needs("account")
@require_POST
@confirmed_to_change
def space_delete(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """Have it deleted after the grace period."""
    manager = membership_or_404(signed_in(request), space_id)
    page = ask_first(
        request,
        question="Delete this space?",
        text=_DELETING,
        yes="Delete the space",
        back_url=reverse("accounts:space", args=[space_id]),
    )
    if page is not None:
        return page
    making.delete_space(manager=manager)
    messages.success(request, f"The space is deleted in {_GRACE_DAYS} days; everybody in it was told.")
    return redirect("accounts:space", space_id)


@needs("account")
@require_POST
def space_keep(request: HttpRequest, space_id: UUID) -> HttpResponse:
    """Cancel the deletion."""
    making.keep_space(manager=membership_or_404(signed_in(request), space_id))
    messages.success(request, "The space stays.")
    return redirect("accounts:space", space_id)


@needs("account")
@require_POST
def offer_take_up(request: HttpRequest, received_id: UUID) -> HttpResponse:
    """Come into a space that one is offered."""
    membership = offering.take_up(person=signed_in(request), offer_id=received_id)
    messages.success(request, f"You are in it now, as its {SpaceRole(membership.role).label.lower()}.")
    return redirect("accounts:space", membership.space.id)


@needs("account")
@require_POST
def offer_decline(request: HttpRequest, received_id: UUID) -> HttpResponse:
    """Say no to an offer."""
    offering.decline(person=signed_in(request), offer_id=received_id)
    messages.success(request, "Declined.")
    return redirect("accounts:spaces")
