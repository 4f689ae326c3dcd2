"""One's own account: profile, password, API keys, invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.flows.api_keys import authenticate_api_key, create_api_key
from accounts.flows.invitations import invite
from accounts.models import ApiKey, Invitation, Role, User
from conftest import PASSWORD
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db
NEW = "another unusual phrase"


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


def test_the_name_is_saved_and_nothing_else_can_be(client: Client, owner: User) -> None:
    client.post(reverse("accounts:account"), {"display_name": "Nora", "role": "viewer", "email": "x@example.org"})
    owner.refresh_from_db()
    assert (owner.display_name, owner.role, owner.email) == ("Nora", Role.OWNER, "alice@example.org")
    assert b"Nora" in client.get(reverse("accounts:account")).content


def test_a_new_password_ends_the_other_sessions(
    client: Client, owner: User, client_for: Callable[[User], Client]
) -> None:
    elsewhere = client_for(owner)
    data = {"current": PASSWORD, "new": NEW, "new_again": NEW}
    assert client.post(reverse("accounts:password"), data).status_code == 302
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert client.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"current": "wrong", "new": NEW, "new_again": NEW}, b"current"),
        ({"current": PASSWORD, "new": NEW, "new_again": "typo"}, b"The two new passwords differ"),
        ({"current": PASSWORD, "new": "short", "new_again": "short"}, b"12"),
        ({"current": PASSWORD, "new": PASSWORD, "new_again": PASSWORD}, b"last"),
    ],
)
def test_a_bad_password_form_is_explained_and_nothing_saved(
    client: Client, owner: User, data: dict[str, str], message: bytes
) -> None:
    response = client.post(reverse("accounts:password"), data)
    assert response.status_code == 200 and message in response.content
    assert b'class="field-error"' in response.content or b'role="alert"' in response.content
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_a_key_is_shown_once_and_works(client: Client, owner: User) -> None:
    data = {"name": "laptop", "scopes": ["memories:read", "memories:write"], "days": "30"}
    response = client.post(reverse("accounts:api_keys"), data)
    text = response.context["new_key"]
    key = authenticate_api_key(text)
    assert key is not None and (key.owner, key.scopes) == (owner, ["memories:read", "memories:write"])
    assert key.expires_at is not None and timedelta(days=29) < key.expires_at - now() < timedelta(days=31)
    assert text in response.content.decode()
    assert text not in client.get(reverse("accounts:api_keys")).content.decode()
    assert response["Cache-Control"].startswith("max-age=0")


@pytest.mark.parametrize(
    "data", [{"name": "", "scopes": ["memories:read"]}, {"name": "x", "scopes": []}, {"name": "x", "scopes": ["all"]}]
)
def test_a_bad_key_form_makes_no_key(client: Client, data: dict[str, object]) -> None:
    response = client.post(reverse("accounts:api_keys"), data | {"days": "30"})
    assert b'class="field-error"' in response.content and b"new-key" not in response.content
    assert not ApiKey.objects.exists()


def test_the_states_of_keys_are_told_apart(client: Client, owner: User) -> None:
    for name, change in (("a", {}), ("b", {"revoked_at": now()}), ("c", {"expires_at": now() - timedelta(days=1)})):
        key, _ = create_api_key(owner=owner, name=name, scopes=["memories:read"])
        ApiKey.objects.filter(id=key.id).update(**change)
    keys = client.get(reverse("accounts:api_keys")).context["keys"]
    assert {key.name: key.state for key in keys} == {"a": "usable", "b": "revoked", "c": "expired"}


def test_a_revoked_key_stops_working(client: Client, owner: User) -> None:
    key, text = create_api_key(owner=owner, name="k", scopes=["memories:read"])
    response = client.post(reverse("accounts:api_key_revoke", args=[key.id]), {"confirmed": "1"}, follow=True)
    assert b"The key is revoked." in response.content
    assert authenticate_api_key(text) is None


def test_a_viewers_key_may_only_read(viewer: User, client_for: Callable[[User], Client]) -> None:
    data = {"name": "k", "scopes": ["memories:read", "memories:write"], "days": "30"}
    response = client_for(viewer).post(reverse("accounts:api_keys"), data)
    assert b"Your role does not have memories:write" in response.content and not ApiKey.objects.exists()


def test_an_invitation_is_made_listed_and_withdrawn(client: Client, owner: User) -> None:
    url = reverse("accounts:invitations")
    response = client.post(url, {"email": "nora@example.org", "role": Role.MEMBER})
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.created_by) == ("nora@example.org", Role.MEMBER, owner)
    link = response.context["new_link"]
    assert link in response.content.decode() and link not in client.get(url).content.decode()
    client.post(reverse("accounts:invitation_revoke", args=[invitation.id]), {"confirmed": "1"})
    assert b"withdrawn" in client.get(url).content
    assert Client().get("/" + link.split("/", 3)[3]).status_code == 404


def test_nobody_can_invite_a_second_owner(client: Client) -> None:
    response = client.post(reverse("accounts:invitations"), {"email": "", "role": Role.OWNER})
    assert response.status_code == 200 and not Invitation.objects.exists()


def test_members_cannot_invite(other: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(other)
    for response in (
        client.get(reverse("accounts:invitations")),
        client.post(reverse("accounts:invitations"), {"role": "member"}),
    ):
        assert response.status_code == 403 and b"This is not yours to open" in response.content
    assert not Invitation.objects.exists()


def test_an_administrator_invites_members_but_no_administrator(
    staff: User, client_for: Callable[[User], Client]
) -> None:
    client, url = client_for(staff), reverse("accounts:invitations")
    assert b"Only the owner invites" in client.post(url, {"email": "", "role": Role.ADMINISTRATOR}).content
    client.post(url, {"email": "", "role": Role.MEMBER})
    assert Invitation.objects.get().role == Role.MEMBER


def test_everyone_sees_only_the_links_they_made(client: Client, staff: User) -> None:
    invite(by=staff, email="hidden@example.org")
    assert b"hidden@example.org" not in client.get(reverse("accounts:invitations")).content
