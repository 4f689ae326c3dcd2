"""Pages and API of spaces: making, offering, taking up, roles, taking back, leaving, deleting; what no answer tells."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.audit.selectors import events_of
from accounts.models import AccountErasure, KeyRotation, Space, SpaceOffer, SpaceShare, User
from accounts.spaces.groups import tend_spaces
from accounts.spaces.making import create_space
from accounts.spaces.membership import Membership, membership_or_404, memberships_of
from accounts.spaces.offering import OFFER_FOR, offer_space, take_up
from accounts.spaces.sharing import share_with_person, unshare
from accounts.spaces.wrapping import holders_of
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(other: User) -> Membership:
    """Bob, a member of the server without any right over it, in his space."""
    return create_space(by=other, name="Family")


def test_a_space_from_making_to_leaving_on_pages(
    other: User, viewer: User, client_for: Callable[[User], Client]
) -> None:
    bob, vera = client_for(other), client_for(viewer)
    answer = bob.post("/account/spaces/", {"name": " Family  photos"})
    space = Space.objects.get()
    assert answer["Location"] == f"/account/spaces/{space.id}/" and space.name == "Family photos"
    page = f"/account/spaces/{space.id}/"
    bob.post(f"{page}offer/", {"email": "VERA@example.org", "role": "editor"})
    assert memberships_of(viewer) == [] and vera.get(page).status_code == 404
    home, listed = vera.get("/").content.decode(), vera.get("/account/spaces/").content.decode()
    assert "bob@example.org offers you a space, as its editor." in home and "Family photos" in listed

    offer = SpaceOffer.objects.get()
    assert vera.post(f"/account/spaces/offers/{offer.id}/take-up/")["Location"] == page
    assert not SpaceOffer.objects.exists() and viewer.id in holders_of(space.id)
    assert "Offer it to somebody" not in vera.get(page).content.decode()
    assert vera.post(page, {"name": "Mine"}).status_code == 200 and Space.objects.get().name == "Family photos"
    assert vera.post(f"{page}delete/", {"confirmed": "1"}).status_code == 403

    share = SpaceShare.objects.get(person=viewer)
    bob.post(f"{page}shares/{share.id}/role/", {"role": "reader"})
    assert memberships_of(viewer)[0].role == "reader"
    assert b"Leave this space?" in vera.post(f"{page}leave/").content and memberships_of(viewer)
    vera.post(f"{page}leave/", {"confirmed": "1"})
    assert memberships_of(viewer) == [] and holders_of(space.id) == {other.id}
    told = set(events_of(other).values_list("action", flat=True))
    assert {"space.created", "space.offered", "space.shared", "space.role_changed"} <= told


@pytest.mark.parametrize("email", ["vera@example.org", "nobody@example.org"])
def test_offering_tells_nobody_who_has_an_account(
    email: str, manager: Membership, viewer: User, client_for: Callable[[User], Client]
) -> None:
    page = f"/account/spaces/{manager.space.id}/"
    client = client_for(manager.person)
    answers = [client.post(f"{page}offer/", {"email": email, "role": "reader"}, follow=True)]
    answers.append(client.post(f"{page}offer/", {"email": email, "role": "reader"}))
    shown = answers[0].content.decode()
    assert "If somebody here has this address" in shown and shown.count(email) == 1
    assert "It is offered to this address already." in answers[1].content.decode()
    api = ApiClient(manager.person, ("*",))
    (offer,) = api.get(f"/spaces/{manager.space.id}").json()["offers"]
    assert {name: offer[name] for name in ("email", "role")} == {"email": email, "role": "reader"}
    assert set(offer) == {"id", "email", "role", "created_at"}
    assert len(SpaceShare.objects.all()) == 1


def test_an_offer_ends(manager: Membership, viewer: User, make_user: Callable[..., User]) -> None:
    late = offer_space(manager=manager, email=viewer.email, role="reader")
    SpaceOffer.objects.update(created_at=now() - OFFER_FOR)
    before = offer_space(manager=manager, email="later@example.org", role="reader")
    newcomer = make_user("later@example.org")
    for person, offer in ((viewer, late), (newcomer, before), (viewer, before)):
        with pytest.raises(NotFound):
            take_up(person=person, offer_id=offer.id)
    again = offer_space(manager=manager, email=viewer.email, role="reader")
    SpaceShare.objects.update(role="editor")  # whoever offered it may not any more
    with pytest.raises(NotFound):
        take_up(person=viewer, offer_id=again.id)
    assert memberships_of(viewer) == memberships_of(newcomer) == []


def test_taking_somebody_out_encrypts_anew_also_while_that_goes_on(
    manager: Membership, viewer: User, client_for: Callable[[User], Client]
) -> None:
    share = share_with_person(manager=manager, email=viewer.email, role="reader")
    page, client = f"/account/spaces/{manager.space.id}/", client_for(manager.person)
    client.post(f"{page}shares/{share.id}/end/", {"renew_key": "1", "confirmed": "1"})
    assert memberships_of(viewer) == [] and KeyRotation.objects.get().owner_id == manager.space.id
    again = share_with_person(manager=manager, email=viewer.email, role="reader")
    unshare(manager=manager, share_id=again.id, renew_key=True)
    assert memberships_of(viewer) == [] and Space.objects.get().renewal_due
    KeyRotation.objects.update(state="done")
    tend_spaces()
    assert KeyRotation.objects.count() == 2 and not Space.objects.get().renewal_due


def test_a_group_is_ones_own_to_share_with(
    manager: Membership, viewer: User, owner: User, client_for: Callable[[User], Client]
) -> None:
    band, board = Group.objects.create(name="Band"), Group.objects.create(name="Boardroom")
    viewer.groups.add(band)
    manager.person.groups.add(band)
    page, client = f"/account/spaces/{manager.space.id}/", client_for(manager.person)
    assert "Boardroom" not in client.get(page).content.decode()
    client.post(f"{page}groups/", {"group": board.pk, "role": "reader"})
    assert SpaceShare.objects.count() == 1
    answer = ApiClient(manager.person, ("*",)).post(f"/spaces/{manager.space.id}/groups", {"group_id": board.pk})
    assert answer.status_code == 404
    client.post(f"{page}groups/", {"group": band.pk, "role": "editor"})
    assert membership_or_404(viewer, manager.space.id).role == "editor"


def test_deleting_says_what_goes_and_can_be_taken_back(
    manager: Membership, client_for: Callable[[User], Client]
) -> None:
    page, client = f"/account/spaces/{manager.space.id}/", client_for(manager.person)
    asked = client.post(f"{page}delete/").content.decode()
    assert "every memory in it is erased" in asked and not AccountErasure.objects.exists()
    client.post(f"{page}delete/", {"confirmed": "1"})
    assert "are erased on" in client.get(page).content.decode()
    client.post(f"{page}keep/")
    assert (
        AccountErasure.objects.get().state == "cancelled" and "are erased on" not in client.get(page).content.decode()
    )
    with pytest.raises(Conflict):
        share_with_person(manager=manager, email=manager.person.email, role="reader")


def test_the_api_does_what_the_pages_do(manager: Membership, viewer: User) -> None:
    bob, vera = ApiClient(manager.person, ("*",)), ApiClient(viewer, ("*",))
    assert vera.post("/spaces", {"name": "Mine"}).status_code == 403, "a viewer makes none"
    made = bob.post("/spaces", {"name": "Work"})
    space = made.json()["id"]
    assert (made.status_code, made.json()["role"]) == (201, "manager")
    assert [item["name"] for item in bob.get("/spaces").json()["items"]] == ["Family", "Work"]
    assert bob.patch(f"/spaces/{space}", {"name": "Office"}).json()["name"] == "Office"
    bob.post(f"/spaces/{space}/offers", {"email": viewer.email})
    (offered,) = vera.get("/space-offers").json()["items"]
    assert (offered["space"], offered["by"], offered["role"]) == ("Office", manager.person.email, "reader")
    assert vera.post(f"/space-offers/{offered['id']}/take-up").json()["id"] == space
    seen = vera.get(f"/spaces/{space}").json()
    assert [share["email"] for share in seen["shares"]] == [manager.person.email, viewer.email] and seen["offers"] == []
    share = seen["shares"][1]["id"]
    assert vera.patch(f"/spaces/{space}/shares/{share}", {"role": "manager"}).status_code == 403
    assert bob.patch(f"/spaces/{space}/shares/{share}", {"role": "editor"}).json()["role"] == "editor"
    assert bob.delete(f"/spaces/{space}/shares/{share}").status_code == 204
    assert vera.get(f"/spaces/{space}").status_code == 404
    assert bob.post(f"/spaces/{space}/leave").status_code == 409, "its last manager"
    assert bob.delete(f"/spaces/{space}").json()["deleted_at"]
    assert bob.post(f"/spaces/{space}/keep").json()["deleted_at"] is None
