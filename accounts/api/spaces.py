"""The JSON API of spaces: which ones one is in, who else is, and offering them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from accounts.models import Space, SpaceOffer, SpaceShare
from accounts.scopes import ApiRequest, scope
from accounts.spaces import making, offering, sharing
from accounts.spaces.membership import Membership, membership_or_404, memberships_of, shares_of
from memshadow.lib.strict import Flag, StrictModel, StrictQuery

router = Router(tags=["Spaces"])

RoleName = Literal["manager", "editor", "reader"]
Name = Annotated[str, Field(min_length=1, max_length=making.NAME_MAX_CHARS)]


class SpaceIn(StrictModel):
    """What a space is called."""

    name: Name


class OfferIn(StrictModel):
    """To whom a space is offered, and as what."""

    email: str = Field(min_length=3, max_length=254)
    role: RoleName = "reader"


class GroupShareIn(StrictModel):
    """With which group a space is shared, and as what."""

    group_id: int = Field(ge=1, le=2**31 - 1)
    role: Literal["editor", "reader"] = "reader"


class RoleIn(StrictModel):
    """Another role."""

    role: RoleName


class UnshareQuery(StrictModel):
    """How a share is taken back."""

    renew_key: Flag = Field(default=True, description="Encrypt everything in it again under a new key.")


class SpaceOut(BaseModel):
    """A space that one is in. `id` is what X-Memshadow-Space names."""

    id: UUID
    name: str
    role: RoleName
    created_at: datetime

    @classmethod
    def of(cls, membership: Membership) -> SpaceOut:
        """From a membership."""
        space = membership.space
        return cls.model_validate(
            {"id": space.id, "name": space.name, "role": membership.role, "created_at": space.created_at}
        )


class ShareOut(BaseModel):
    """Somebody who is in a space: a person, or everybody in a group."""

    id: UUID
    email: str | None
    group: str | None
    role: RoleName
    created_at: datetime

    @classmethod
    def of(cls, share: SpaceShare) -> ShareOut:
        """From a row."""
        return cls.model_validate(
            {
                "id": share.id,
                "email": share.person.email if share.person else None,
                "group": share.group.name if share.group else None,
                "role": share.role,
                "created_at": share.created_at,
            }
        )


class OfferOut(BaseModel):
    """A space that is offered to an address, which may be nobody's."""

    id: UUID
    email: str
    role: RoleName
    created_at: datetime

    @classmethod
    def of(cls, offer: SpaceOffer) -> OfferOut:
        """From a row."""
        return cls.model_validate({name: getattr(offer, name) for name in ("id", "email", "role", "created_at")})


class ReceivedOfferOut(BaseModel):
    """A space that one is offered."""

    id: UUID
    space: str = Field(description="Its name.")
    by: str = Field(description="The e-mail address of who offers it.")
    role: RoleName
    created_at: datetime

    @classmethod
    def of(cls, offer: SpaceOffer) -> ReceivedOfferOut:
        """From a row."""
        same = {name: getattr(offer, name) for name in ("id", "role", "created_at")}
        return cls.model_validate({**same, "space": offer.space.name, "by": offer.given_by.email})


class SpaceDetailOut(SpaceOut):
    """A space with who is in it; for its managers, with what is offered."""

    shares: list[ShareOut]
    offers: list[OfferOut]
    deleted_at: datetime | None = Field(description="When it will be erased; null when nobody asked for that.")

    @classmethod
    def of(cls, membership: Membership) -> SpaceDetailOut:
        """From a membership."""
        space, deletion = membership.space, making.deletion_of(membership.space)
        return cls(
            **SpaceOut.of(membership).model_dump(),
            shares=[ShareOut.of(share) for share in shares_of(space)],
            offers=_offers(space) if membership.is_manager else [],
            deleted_at=deletion.due_at if deletion else None,
        )


class SpaceListOut(BaseModel):
    """The spaces that one is in, by name."""

    items: list[SpaceOut]


class ReceivedOfferListOut(BaseModel):
    """What one is offered, newest first."""

    items: list[ReceivedOfferOut]


def _offers(space: Space) -> list[OfferOut]:
    return [OfferOut.of(offer) for offer in offering.offers_of(space)]


def _membership(request: ApiRequest, space_id: UUID) -> Membership:
    return membership_or_404(request.auth.person, space_id)


@router.get("/spaces", auth=scope("any"), response=SpaceListOut)
def list_spaces(request: ApiRequest) -> SpaceListOut:
    """List the spaces that one is in, by name."""
    return SpaceListOut(items=[SpaceOut.of(found) for found in memberships_of(request.auth.person)])


@router.post("/spaces", auth=scope("account"), response={201: SpaceOut})
def create_space(request: ApiRequest, space: SpaceIn) -> Status[SpaceOut]:
    """Make a space. Nobody else is in it."""
    return Status(201, SpaceOut.of(making.create_space(by=request.auth.person, name=space.name)))


@router.get("/spaces/{uuid:space_id}", auth=scope("account"), response=SpaceDetailOut)
def get_space(request: ApiRequest, space_id: UUID) -> SpaceDetailOut:
    """Tell who is in a space, and, to its managers, to whom it is offered."""
    return SpaceDetailOut.of(_membership(request, space_id))


@router.patch("/spaces/{uuid:space_id}", auth=scope("account"), response=SpaceOut)
def rename_space(request: ApiRequest, space_id: UUID, space: SpaceIn) -> SpaceOut:
    """Rename a space."""
    membership = _membership(request, space_id)
    making.rename_space(manager=membership, name=space.name)
    return SpaceOut.of(membership)


@router.delete("/spaces/{uuid:space_id}", auth=scope("account"), response={202: SpaceDetailOut})
def delete_space(request: ApiRequest, space_id: UUID) -> Status[SpaceDetailOut]:
    """Have a space and every memory in it erased after 14 days; until then it can be kept."""
    membership = _membership(request, space_id)
    making.delete_space(manager=membership)
    return Status(202, SpaceDetailOut.of(membership))


@router.post("/spaces/{uuid:space_id}/keep", auth=scope("account"), response=SpaceDetailOut)
def keep_space(request: ApiRequest, space_id: UUID) -> SpaceDetailOut:
    """Keep a space after all."""
    membership = _membership(request, space_id)
    making.keep_space(manager=membership)
    return SpaceDetailOut.of(membership)


@router.post("/spaces/{uuid:space_id}/leave", auth=scope("account"), response={204: None})
def leave_space(request: ApiRequest, space_id: UUID) -> Status[None]:
    """Leave a space. What one wrote stays in it."""
    sharing.leave(member=_membership(request, space_id))
    return Status(204, None)


@router.post("/spaces/{uuid:space_id}/offers", auth=scope("account"), response={201: OfferOut})
def offer_space(request: ApiRequest, space_id: UUID, offer: OfferIn) -> Status[OfferOut]:
    """Offer a space to an address for 14 days. The answer is the same whether somebody has that address or not."""
    made = offering.offer_space(manager=_membership(request, space_id), email=offer.email, role=offer.role)
    return Status(201, OfferOut.of(made))


@router.delete("/spaces/{uuid:space_id}/offers/{uuid:offer_id}", auth=scope("account"), response={204: None})
def withdraw_offer(request: ApiRequest, space_id: UUID, offer_id: UUID) -> Status[None]:
    """Withdraw an offer."""
    offering.withdraw_offer(manager=_membership(request, space_id), offer_id=offer_id)
    return Status(204, None)


@router.post("/spaces/{uuid:space_id}/groups", auth=scope("account"), response={201: ShareOut})
def share_space_with_group(request: ApiRequest, space_id: UUID, share: GroupShareIn) -> Status[ShareOut]:
    """Share a space with everybody in a group, also with who joins it later."""
    manager = _membership(request, space_id)
    return Status(201, ShareOut.of(sharing.share_with_group(manager=manager, group_id=share.group_id, role=share.role)))


@router.patch("/spaces/{uuid:space_id}/shares/{uuid:share_id}", auth=scope("account"), response=ShareOut)
def change_share(request: ApiRequest, space_id: UUID, share_id: UUID, share: RoleIn) -> ShareOut:
    """Give a person or group another role."""
    manager = _membership(request, space_id)
    return ShareOut.of(sharing.change_role(manager=manager, share_id=share_id, role=share.role))


@router.delete("/spaces/{uuid:space_id}/shares/{uuid:share_id}", auth=scope("account"), response={204: None})
def end_share(
    request: ApiRequest, space_id: UUID, share_id: UUID, query: Annotated[UnshareQuery, StrictQuery(...)]
) -> Status[None]:
    """Take a person or group out of a space; everything in it is encrypted again unless `renew_key` is false."""
    manager = _membership(request, space_id)
    sharing.unshare(manager=manager, share_id=share_id, renew_key=query.renew_key)
    return Status(204, None)


@router.get("/space-offers", auth=scope("account"), response=ReceivedOfferListOut)
def list_space_offers(request: ApiRequest) -> ReceivedOfferListOut:
    """List the spaces that one is offered, newest first."""
    found = offering.offers_to(request.auth.person)
    return ReceivedOfferListOut(items=[ReceivedOfferOut.of(offer) for offer in found])


@router.post("/space-offers/{uuid:received_id}/take-up", auth=scope("account"), response=SpaceOut)
def take_up_space_offer(request: ApiRequest, received_id: UUID) -> SpaceOut:
    """Come into a space that one is offered."""
    return SpaceOut.of(offering.take_up(person=request.auth.person, offer_id=received_id))


@router.post("/space-offers/{uuid:received_id}/decline", auth=scope("account"), response={204: None})
def decline_space_offer(request: ApiRequest, received_id: UUID) -> Status[None]:
    """Decline a space that one is offered."""
    offering.decline(person=request.auth.person, offer_id=received_id)
    return Status(204, None)
