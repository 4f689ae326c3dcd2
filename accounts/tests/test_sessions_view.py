"""The page of devices: what it tells, and what it ends."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Session, User
from conftest import PASSWORD

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
NEW = "another unusual phrase"


def sign_in(user: User, address: str = "192.0.2.7") -> Client:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": FIREFOX})
    client.post(reverse("accounts:login"), {"username": user.email, "password": PASSWORD})
    return client


def test_each_device_is_told_and_this_one_is_marked(owner: User, other: User) -> None:
    here, _, stranger = sign_in(owner), sign_in(owner, "2001:db8::7"), sign_in(other, "203.0.113.9")
    assert stranger.get("/").status_code == 200
    page = here.get(reverse("accounts:devices")).content.decode()
    assert page.count("Firefox on Linux</span>") == 2 and page.count("this device") == 1
    assert "192.0.2.7" in page and "2001:db8::7" in page and "203.0.113.9" not in page
    for row in Session.objects.all():
        assert row.session_key not in page


def test_one_device_is_signed_out_by_its_button(owner: User) -> None:
    here, there = sign_in(owner), sign_in(owner, "2001:db8::7")
    device = Session.objects.get(address="2001:db8::7").device_id
    answer = here.post(reverse("accounts:device_end", args=[device]), follow=True)
    assert b"That device is signed out." in answer.content and b"2001:db8::7" not in answer.content
    assert there.get("/").status_code == 302 and here.get("/").status_code == 200


def test_all_others_are_signed_out_after_asking(owner: User) -> None:
    here, there, elsewhere = sign_in(owner), sign_in(owner), sign_in(owner)
    url = reverse("accounts:devices_end_others")
    assert b"Sign out everywhere else?" in here.post(url).content and there.get("/").status_code == 200
    assert b"2 other devices are signed out." in here.post(url, {"confirmed": "1"}, follow=True).content
    assert [client.get("/").status_code for client in (here, there, elsewhere)] == [200, 302, 302]


def test_someone_elses_device_is_404_and_stays(owner: User, other: User) -> None:
    here, there = sign_in(owner), sign_in(other)
    device = Session.objects.get(user=other).device_id
    for wanted in (device, uuid4()):
        assert here.post(reverse("accounts:device_end", args=[wanted])).status_code == 404
    assert there.get("/").status_code == 200


def test_a_new_password_changes_the_cookie_and_leaves_one_device(
    owner: User, client_for: Callable[[User], Client]
) -> None:
    here, _ = sign_in(owner), client_for(owner)
    stolen = here.cookies["sessionid"].value
    here.post(reverse("accounts:password"), {"current": PASSWORD, "new": NEW, "new_again": NEW})
    assert here.get("/").status_code == 200 and here.cookies["sessionid"].value != stolen
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert thief.get("/").status_code == 302
    assert Session.objects.count() == 1


def test_a_hostile_browser_name_is_text(owner: User) -> None:
    here = sign_in(owner)
    Session.objects.update(user_agent='<script>alert("x")</script> Firefox/1"><img src=x>')
    assert b"<img src=x" not in here.get(reverse("accounts:devices")).content


def test_the_owner_ends_anybodys_session_in_the_administration(owner: User, other: User) -> None:
    here, there = sign_in(owner), sign_in(other)
    row = Session.objects.get(user=other)
    url = reverse("admin:accounts_session_changelist")
    assert row.session_data not in here.get(reverse("admin:accounts_session_change", args=[row.pk])).content.decode()
    here.post(url, {"action": "end", "_selected_action": [row.pk]})
    assert there.get("/").status_code == 302 and here.get(url).status_code == 200
