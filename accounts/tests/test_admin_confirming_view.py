"""An administrator's open browser: the administration shows, and changes nothing before the person has confirmed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccountErasure, User
from accounts.tests.test_confirming_view import RIGHT, WRONG, forget_confirmation, hidden_fields, is_asking
from tests.contracts.routes import routes

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    """The owner's browser, eleven minutes after signing in."""
    client = client_for(owner)
    forget_confirmation()
    return client


def test_looking_is_free_and_a_change_is_asked_for_once(client: Client, other: User) -> None:
    page = reverse("admin:accounts_user_change", args=[other.id])
    sent = {"display_name": "Robert", "is_active": "on"}
    assert client.get(PEOPLE).status_code == client.get(page).status_code == 200
    asked = client.post(page, sent)
    assert is_asking(asked) and is_asking(client.post(page, sent | WRONG))
    other.refresh_from_db()
    assert other.display_name == "Bob"
    assert client.post(page, hidden_fields(asked.content.decode()) | RIGHT).status_code == 302
    other.refresh_from_db()
    assert other.display_name == "Robert"
    assert client.post(page, sent | {"display_name": "Bert"}).status_code == 302, "ten minutes hold"


def test_an_action_on_several_is_held_and_done_once_confirmed(client: Client, other: User, staff: User) -> None:
    sent = {"action": "erase_accounts", "_selected_action": [str(other.id), str(staff.id)], "index": "0"}
    asked = client.post(PEOPLE, sent)
    assert is_asking(asked) and not AccountErasure.objects.exists()
    assert asked.content.count(b'name="_selected_action"') == 2
    assert client.post(PEOPLE, sent | RIGHT).status_code == 302
    assert set(AccountErasure.objects.values_list("account_id", flat=True)) == {other.id, staff.id}


def test_every_form_of_the_administration_asks(client: Client) -> None:
    """Django-q's and the libraries' models too; whoever is not staff is not even asked."""
    tried = 0
    for route in routes():
        if route.namespaces != ("admin",) or route.name in ("admin:", "admin:logout", "admin:login"):
            continue
        url = reverse(
            route.name, kwargs={name: "accounts" if name == "app_label" else "1" for name in route.parameters}
        )
        assert is_asking(client.post(url, {"post": "yes"})), route.name
        tried += 1
    assert tried > 60
    assert client.post(reverse("admin:logout")).status_code in (200, 302)
    assert client.get("/account/").status_code == 302, "signing out was not asked for"
