"""Ways in and out as a person walks them: sign in, the owner's first link, invitations, sign out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.flows.invitations import invite, withdraw
from accounts.flows.setup import setup_link
from accounts.models import Invitation, Role, User
from conftest import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "accounts:login"
GOOD = {"email": "nora@example.org", "password": "a quite unusual phrase", "password_again": "a quite unusual phrase"}


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def test_the_right_password_opens_the_library(client: Client, owner: User) -> None:
    response = client.post(reverse(LOGIN), {"username": "ALICE@example.org", "password": PASSWORD})
    assert response.status_code == 302 and response["Location"] == "/"
    assert signed_in(client)


@pytest.mark.parametrize(
    ("email", "password"), [("alice@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("alice@example.org", "")]
)
def test_a_wrong_pair_says_the_same_for_everyone(client: Client, owner: User, email: str, password: str) -> None:
    response = client.post(reverse(LOGIN), {"username": email, "password": password})
    assert response.status_code == 200 and not signed_in(client)
    assert password == "" or b"do not belong together" in response.content


def test_an_account_that_is_switched_off_does_not_open(client: Client, owner: User) -> None:
    User.objects.update(is_active=False)
    response = client.post(reverse(LOGIN), {"username": owner.email, "password": PASSWORD})
    assert b"do not belong together" in response.content and not signed_in(client)


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("/library/?kind=note", "/library/?kind=note"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///evil.example", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_next_leads_only_to_our_own_pages(client: Client, owner: User, wanted: str, lands: str) -> None:
    page = client.get(reverse(LOGIN), {"next": wanted}).content.decode()
    assert ('name="next"' in page) == (wanted == lands)
    response = client.post(reverse(LOGIN), {"username": owner.email, "password": PASSWORD, "next": wanted})
    assert response["Location"] == lands


def test_a_link_cannot_sign_anybody_out(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert b"Sign out?" in client.get(reverse("accounts:logout")).content and signed_in(client)
    response = client.post(reverse("accounts:logout"))
    assert response["Location"] == reverse(LOGIN) and not signed_in(client)


def test_the_first_link_makes_the_owner_and_works_once(client: Client) -> None:
    link = setup_link()
    assert link is not None
    url = path_of(link)
    assert b"Make this library yours" in client.get(url).content
    assert client.post(url, GOOD | {"display_name": "Nora"})["Location"] == "/"
    user = User.objects.get()
    assert (user.email, user.display_name, user.role) == ("nora@example.org", "Nora", Role.OWNER)
    assert signed_in(client)
    again = Client().get(url)
    assert again.status_code == 404 and b"This link does not work" in again.content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password": "short", "password_again": "short"}, b"12"),
        ({"password_again": "different phrase"}, b"The two passwords differ"),
        ({"email": "not an address"}, b"valid email"),
    ],
)
def test_a_bad_first_form_is_explained_and_nothing_saved(
    client: Client, change: dict[str, str], message: bytes
) -> None:
    link = setup_link()
    assert link is not None
    response = client.post(path_of(link), GOOD | change)
    assert response.status_code == 200 and message in response.content
    assert not User.objects.exists() and not Invitation.objects.exclude(used_at=None).exists()


def test_an_invitation_makes_an_account_of_its_role(client: Client, owner: User) -> None:
    _, link = invite(by=owner, role=Role.VIEWER, email="nora@example.org")
    page = client.get(path_of(link)).content.decode()
    assert "invites you" in page and 'value="nora@example.org"' in page
    client.post(path_of(link), GOOD)
    assert User.objects.get(email="nora@example.org").role == Role.VIEWER


def test_an_invitation_is_for_its_address(client: Client, owner: User) -> None:
    _, link = invite(by=owner, email="somebody@example.org")
    response = client.post(path_of(link), GOOD)
    assert b"This invitation is for somebody@example.org" in response.content
    assert User.objects.count() == 1


def test_withdrawn_and_crossed_links_do_not_open(client: Client, owner: User) -> None:
    invitation, link = invite(by=owner)
    crossed = path_of(link).replace("/invitation/", "/setup/")
    assert client.get(crossed).status_code == 404
    withdraw(by=owner, invitation_id=invitation.id)
    response = client.post(path_of(link), GOOD)
    assert response.status_code == 404 and User.objects.count() == 1


def test_who_is_signed_in_skips_the_sign_in_page(owner: User, client_for: Callable[[User], Client]) -> None:
    assert client_for(owner).get(reverse(LOGIN))["Location"] == "/"


def test_passwords_are_never_sent_back(client: Client) -> None:
    link = setup_link()
    assert link is not None
    assert b"quite unusual" not in client.post(path_of(link), GOOD | {"email": "wrong"}).content
