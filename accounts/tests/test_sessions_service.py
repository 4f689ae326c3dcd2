"""Sessions attacked: old cookies, stolen rows, a sixth device, idleness, age, and rights that change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.test import Client, RequestFactory

from accounts.flows import sessions
from accounts.flows.sessions import browser_and_system, devices_of, end_other_sessions, end_session, rotate
from accounts.models import AuditEvent, Role, Session, User
from accounts.sessions import store as session_store
from accounts.sessions.store import SessionStore
from conftest import PASSWORD
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


@pytest.fixture
def move_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let the session engine believe that so much time has passed, in all."""

    def move(by: timedelta) -> None:
        moved: Callable[[], datetime] = lambda: now() + by  # noqa: E731
        monkeypatch.setattr(session_store, "now", moved)
        monkeypatch.setattr(sessions, "now", moved)

    return move


def key_of(client: Client) -> str:
    return client.cookies[COOKIE].value


def is_in(client: Client) -> bool:
    api = client.get("/api/v1/me").status_code
    page = client.get("/account/").status_code
    assert (api, page) in ((200, 200), (401, 302))
    return page == 200


def with_cookie(key: str) -> Client:
    client = Client()
    client.cookies[COOKIE] = key
    return client


def test_the_database_does_not_hold_what_opens_a_session(client: Client) -> None:
    row = Session.objects.get()
    assert key_of(client) not in str(Session.objects.values().get())
    assert is_in(client) and not is_in(with_cookie(row.session_key))


def test_a_revoked_cookie_is_worthless_at_once_for_pages_and_api(client: Client, owner: User) -> None:
    assert is_in(client)
    end_session(owner=owner, device_id=Session.objects.get().device_id)
    assert not is_in(client)
    assert AuditEvent.objects.filter(action="session.ended", actor=owner).exists()


def test_a_session_that_is_ended_in_the_middle_of_a_request_does_not_come_back(owner: User) -> None:
    store = SessionStore()
    store.update({"_auth_user_id": str(owner.pk)})
    store.save()
    again = SessionStore(store.session_key)
    again["theme"] = "dark"
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        again.save()
    again = SessionStore(store.session_key)
    assert again.row is None and not Session.objects.exists()


def test_a_key_cannot_be_rotated_once_the_session_is_ended(owner: User) -> None:
    store = SessionStore()
    store.update({"_auth_user_id": str(owner.pk)})
    store.save()
    Session.objects.all().delete()
    with pytest.raises(SessionInterrupted):
        store.cycle_key()


def test_someone_elses_device_does_not_exist(client: Client, other: User) -> None:
    with pytest.raises(NotFound):
        end_session(owner=other, device_id=Session.objects.get().device_id)
    assert end_other_sessions(owner=other) == 0
    assert is_in(client)


def test_signing_in_changes_the_key_that_one_had_before(owner: User) -> None:
    planted = SessionStore()
    planted["planted"] = "by an attacker"
    planted.save()
    client = with_cookie(str(planted.session_key))
    client.post("/account/login/", {"username": owner.email, "password": PASSWORD})
    assert key_of(client) != planted.session_key
    assert is_in(client) and not is_in(with_cookie(str(planted.session_key)))


def test_signing_in_again_in_the_same_browser_changes_the_key_and_the_device(client: Client, owner: User) -> None:
    before, device = key_of(client), Session.objects.get().device_id
    request = RequestFactory().get("/")
    request.session = SessionStore(before)
    login(request, owner, backend="accounts.backends.EmailBackend")
    request.session.save()
    assert not is_in(client) and is_in(with_cookie(str(request.session.session_key)))
    assert Session.objects.get().device_id != device


def test_a_rotated_session_keeps_its_device_and_its_age(client: Client, owner: User) -> None:
    old, row = key_of(client), Session.objects.get()
    other_browser = Client()
    other_browser.force_login(owner)
    request: Any = RequestFactory().get("/")
    request.session, request.user = SessionStore(old), owner
    rotate(request)
    request.session.save()
    after = Session.objects.get()
    assert (after.device_id, after.started_at) == (row.device_id, row.started_at)
    assert not is_in(with_cookie(old)) and not is_in(other_browser)
    assert is_in(with_cookie(request.session.session_key))


def test_a_sixth_device_ends_the_oldest_only(owner: User, other: User, client_for: Callable[[User], Client]) -> None:
    stranger = client_for(other)
    clients = [client_for(owner) for _ in range(5)]
    assert all(map(is_in, clients))
    sixth = client_for(owner)
    assert [is_in(client) for client in clients] == [False, True, True, True, True]
    assert is_in(sixth) and is_in(stranger)


def test_fourteen_idle_days_end_a_session(client: Client, move_clock: Callable[[timedelta], None]) -> None:
    move_clock(timedelta(days=13, hours=23))
    assert is_in(client)
    move_clock(timedelta(days=27))
    assert is_in(client)
    Session.objects.update(last_seen_at=now())
    move_clock(timedelta(days=14))
    assert not is_in(client)


def test_thirty_days_end_a_session_however_busy(client: Client, move_clock: Callable[[timedelta], None]) -> None:
    for day in range(1, 30):
        move_clock(timedelta(days=day))
        assert is_in(client)
    move_clock(timedelta(days=30))
    assert not is_in(client)


def test_a_key_that_is_rotated_every_day_lives_no_longer(
    client: Client, owner: User, move_clock: Callable[[timedelta], None]
) -> None:
    key = key_of(client)
    for day in (10, 20, 29):
        move_clock(timedelta(days=day))
        request: Any = RequestFactory().get("/")
        request.session, request.user = SessionStore(key), owner
        rotate(request)
        request.session.save()
        key = request.session.session_key
    assert is_in(with_cookie(key))
    move_clock(timedelta(days=30))
    assert not is_in(with_cookie(key))


def test_expired_sessions_are_not_listed_and_are_deleted_at_the_next_sign_in(
    client: Client, owner: User, other: User, move_clock: Callable[[timedelta], None]
) -> None:
    move_clock(timedelta(days=15))
    assert devices_of(owner) == []
    assert Session.objects.filter(user=owner).exists()
    Client().force_login(other)
    assert not Session.objects.filter(user=owner).exists()


def test_use_is_written_once_a_minute_and_costs_one_query_otherwise(
    client: Client, owner: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    key = key_of(client)
    with django_assert_num_queries(1):
        assert SessionStore(key).get("_auth_user_id") == str(owner.pk)
    Session.objects.update(last_seen_at=now() - timedelta(seconds=61))
    store = SessionStore(key)
    store.seen_from("192.0.2.7", "curl/8.1")
    with django_assert_num_queries(2):
        store.get("_auth_user_id")
    row = Session.objects.get()
    assert (row.address, row.user_agent) == ("192.0.2.7", "curl/8.1")
    assert now() - row.last_seen_at < timedelta(seconds=30)


@pytest.mark.parametrize(
    "change", [{"role": Role.ADMINISTRATOR}, {"is_staff": True}, {"is_superuser": True}, {"password": "other"}]
)
def test_changed_rights_end_every_session_of_that_person(
    other: User, client_for: Callable[[User], Client], change: dict[str, Any]
) -> None:
    client = client_for(other)
    assert is_in(client)
    User.objects.filter(pk=other.pk).update(**change)
    assert not is_in(client)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0", ("Firefox", "Windows")),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.5 Mobile/15E148 Safari/604.1",
            ("Safari", "iOS"),
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36",
            ("Chrome", "macOS"),
        ),
        ("", ("", "")),
        ("<script>alert(1)</script>", ("", "")),
    ],
)
def test_browsers_have_plain_names(header: str, words: tuple[str, str]) -> None:
    assert browser_and_system(header) == words
