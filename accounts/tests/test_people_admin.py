"""People in the administration: the right to change people is not the right to give oneself the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def trusted(staff: User) -> User:
    """Charlie, whom the owner lets change people."""
    codenames = ("view_user", "change_user")
    staff.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return staff


def change(client: Client, user: User, **data: Any) -> int:
    address = reverse("admin:accounts_user_change", args=[user.id])
    return client.post(address, {"display_name": user.display_name, "is_active": "on", **data}).status_code


def test_nobody_gives_themselves_or_others_rights(
    trusted: User, other: User, client_for: Callable[[User], Client]
) -> None:
    client, wanted = client_for(trusted), Permission.objects.get(codename="read_content")
    assert change(client, other, display_name="Robert", is_staff="on", user_permissions=wanted.pk) == 302
    other.refresh_from_db()
    assert (other.display_name, other.is_staff, other.user_permissions.count()) == ("Robert", False, 0)
    assert change(client, trusted, user_permissions=wanted.pk) == 403
    assert not trusted.user_permissions.filter(codename="read_content").exists()


def test_who_changes_people_closes_no_owner_and_no_equal(
    trusted: User, owner: User, make_user: Callable[..., User], client_for: Callable[[User], Client]
) -> None:
    equal = make_user("dora@example.org", "administrator")
    client = client_for(trusted)
    for user in (owner, equal):
        assert change(client, user, is_active="") == 403
        user.refresh_from_db()
        assert user.is_active


def test_the_owner_gives_rights(owner: User, staff: User, client_for: Callable[[User], Client]) -> None:
    wanted = Permission.objects.get(codename="read_content")
    assert change(client_for(owner), staff, is_staff="on", user_permissions=wanted.pk) == 302
    assert staff.user_permissions.filter(codename="read_content").exists()
