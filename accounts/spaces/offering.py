"""Offering a space to an address: who has it takes it up or declines.

A manager learns from the answer, and from the list of what is offered, nothing about who has an account here. So there
is no sharing with an address at once, and nobody is put into a space without having said yes.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.audit import record
from accounts.models import Space, SpaceOffer, SpaceRole, SpaceShare, User
from accounts.models.user import normalise_email
from accounts.spaces.membership import Membership, membership_or_404
from accounts.spaces.sharing import share_with_person
from accounts.spaces.telling import tell_of_offer
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused, ValidationFailed

OFFER_FOR = timedelta(days=14)
OFFERS_MAX = 50
_GONE = "This offer does not stand any more."


def offer_space(*, manager: Membership, email: str, role: str) -> SpaceOffer:
    """Offer a space to whoever has an address, for 14 days; they are told.

    Raises PermissionRefused, ValidationFailed, and Conflict for who is in it, what is offered already, and beyond 50.
    """
    manager.require_manager()
    offer = SpaceOffer(space=manager.space, email=_checked(email), role=role, given_by=manager.person)
    if role not in SpaceRole.values:
        raise ValidationFailed(f"role is one of {', '.join(SpaceRole.values)}.", field="role")
    if SpaceShare.objects.filter(space=manager.space, person__email=offer.email).exists():
        raise Conflict("They are in this space already; change their role there.")
    end_old_offers()
    if manager.space.offers.count() >= OFFERS_MAX:
        raise Conflict(f"A space has at most {OFFERS_MAX} open offers; withdraw one first.")
    try:
        with transaction.atomic():
            offer.save(force_insert=True)
            record("space.offered", actor=manager.person, target=manager.space, role=role, email=offer.email)
            _tell(offer)
    except IntegrityError as error:
        raise Conflict("It is offered to this address already.") from error
    return offer


def withdraw_offer(*, manager: Membership, offer_id: UUID) -> None:
    """Take an offer back. Raises PermissionRefused and NotFound."""
    manager.require_manager()
    offer = SpaceOffer.objects.filter(space=manager.space, id=offer_id).first()
    if offer is None:
        raise NotFound(_GONE)
    offer.delete()
    record("space.offer_withdrawn", actor=manager.person, target=manager.space, email=offer.email)


def take_up(*, person: User, offer_id: UUID) -> Membership:
    """Come into the space. Raises NotFound, and Conflict for who is in it already."""
    with transaction.atomic():
        offer = _locked(person, offer_id)
        try:
            giver = membership_or_404(offer.given_by, offer.space_id)
            share_with_person(manager=giver, email=person.email, role=offer.role)
        except (NotFound, PermissionRefused) as error:  # whoever offered it may not any more
            raise NotFound(_GONE) from error
        record("space.offer_taken_up", actor=person, target=offer.space, role=offer.role)
        offer.delete()
    return membership_or_404(person, offer.space_id)


def decline(*, person: User, offer_id: UUID) -> None:
    """Say no; nobody is told but the trail. Raises NotFound."""
    with transaction.atomic():
        offer = _locked(person, offer_id)
        record("space.offer_declined", actor=person, target=offer.space)
        offer.delete()


def offers_of(space: Space) -> QuerySet[SpaceOffer]:
    """What a space is offered to, newest first."""
    rows = SpaceOffer.objects.filter(space=space, created_at__gte=now() - OFFER_FOR)
    return rows.select_related("given_by").order_by("-created_at", "-id")


def end_old_offers() -> int:
    """Forget the addresses of offers that have run out; returns how many."""
    return SpaceOffer.objects.filter(created_at__lt=now() - OFFER_FOR).delete()[0]


def offers_to(person: User) -> QuerySet[SpaceOffer]:
    """What this person can take up, newest first."""
    since = now() - OFFER_FOR
    rows = SpaceOffer.objects.filter(email=person.email, created_at__gte=since)
    # Nobody gets what was offered to an address before their account was there: it may have been another's.
    rows = rows.filter(created_at__gte=person.created_at)
    return rows.select_related("space__owner", "given_by").order_by("-created_at", "-id")


def _locked(person: User, offer_id: UUID) -> SpaceOffer:
    found = offers_to(person).select_for_update(of=("self",)).filter(id=offer_id).first()
    if found is None:
        raise NotFound(_GONE)
    return found


def _checked(email: str) -> str:
    email = normalise_email(email)
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationFailed("Give an e-mail address.", field="email") from error
    return email


def _tell(offer: SpaceOffer) -> None:
    person = User.objects.people().filter(email=offer.email, is_active=True).first()
    if person is not None:
        tell_of_offer(person, space=offer.space, role=offer.role, by=offer.given_by)
