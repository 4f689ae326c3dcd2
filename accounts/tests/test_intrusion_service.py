"""Signs of an intrusion: noticed when they should be, told once, to the right people, never for words of content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import tasks
from accounts.audit.retention import tend_audit_trail
from accounts.audit.verifying import Fault, Finding, Report
from accounts.intrusion.bursts import _told
from accounts.intrusion.places import _remembered
from accounts.intrusion.telling import words_of
from accounts.models import AuditEvent, SecuritySignal, User
from conftest import PASSWORD
from memories.models import Memory
from tests.api_client import ApiClient

LOGIN = "/account/login/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
Kind = SecuritySignal.Kind


@pytest.fixture(autouse=True)
def fresh_memory(settings: Settings) -> None:
    """What a process remembers between requests."""
    _told.clear()
    _remembered.clear()
    settings.RATE_LIMIT_ATTEMPTS_ADDRESS = settings.RATE_LIMIT_ATTEMPTS_ACCOUNT = (1000, 60.0)


def enter(user: User, address: str = "203.0.113.7", agent: str = FIREFOX, password: str = PASSWORD) -> Any:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
    return client.post(LOGIN, {"username": user.email, "password": password})


def kinds(**filters: Any) -> list[str]:
    return list(SecuritySignal.objects.filter(**filters).order_by("created_at").values_list("kind", flat=True))


def test_the_first_sign_in_and_known_places_are_no_signal(owner: User) -> None:
    enter(owner)
    enter(owner)
    enter(owner, address="203.0.113.99")
    assert kinds() == []


@pytest.mark.parametrize(
    ("address", "agent", "new", "words"),
    [
        ("198.51.100.1", FIREFOX, ["address"], "New sign-in from Firefox on Linux, 198.51.100.1."),
        ("203.0.113.7", CHROME, ["device"], "New sign-in from Chrome on Windows, 203.0.113.7."),
        ("2001:db8::1", "", ["device", "address"], "New sign-in from an unknown program, 2001:db8::1."),
    ],
)
def test_a_new_place_is_told_once(owner: User, address: str, agent: str, new: list[str], words: str) -> None:
    enter(owner)
    enter(owner, address, agent)
    enter(owner, address, agent)
    signal = SecuritySignal.objects.get(owner=owner)
    assert (signal.kind, signal.details["new"], words_of(signal)) == (Kind.NEW_SIGN_IN, new, words)
    event = AuditEvent.objects.get(action="signal.new_sign_in")
    assert (event.object_id, event.address) == (str(owner.pk), address)


def test_a_failed_sign_in_makes_no_place_known(owner: User) -> None:
    enter(owner)
    enter(owner, "198.51.100.1", password="wrong")
    enter(owner, "198.51.100.1")
    assert kinds() == [Kind.NEW_SIGN_IN]


def test_a_key_in_another_network_is_told_and_costs_nothing_later(
    owner: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    client = ApiClient(owner).client

    def ask(address: str) -> Any:
        return client.get("/api/v1/me", REMOTE_ADDR=address)

    ask("203.0.113.7")
    ask("203.0.113.8")
    assert kinds() == []
    ask("198.51.100.1")
    ask("198.51.100.1")
    signal = SecuritySignal.objects.get()
    assert signal.owner == owner
    assert words_of(signal) == "Your API key “test” was used from a new address, 198.51.100.1."
    with django_assert_num_queries(3):
        ask("198.51.100.1")


def test_many_failures_of_one_account(owner: User) -> None:
    for _ in range(9):
        enter(owner, password="wrong")
    assert tasks.look_for_guessing() == 0
    enter(owner, password="wrong")
    assert tasks.look_for_guessing() == 1
    assert tasks.look_for_guessing() == 0
    assert kinds(owner=owner) == [Kind.MANY_FAILURES]


def test_one_account_from_many_addresses(owner: User, other: User) -> None:
    for n in range(5):
        enter(owner, f"198.51.{n}.1", password="wrong")
        enter(other, "203.0.113.7", password="wrong")
    assert tasks.look_for_guessing() == 1
    signal = SecuritySignal.objects.get()
    assert (signal.owner, signal.kind, signal.details["addresses"]) == (owner, Kind.CREDENTIAL_STUFFING, 5)
    assert signal.address == "198.51.4.1"


def test_many_accounts_from_one_address_concern_the_managers(
    owner: User, other: User, client_for: Callable[[User], Client]
) -> None:
    for n in range(10):
        enter(User(email=f"somebody{n}@example.org"), "198.51.100.1", password="wrong")
    assert tasks.look_for_guessing() == 1
    assert kinds(owner=None) == [Kind.MANY_ACCOUNTS]
    assert b"198.51.100.1 failed to sign in to 10 accounts" in client_for(owner).get("/").content
    assert b"198.51.100.1" not in client_for(other).get("/").content


@pytest.mark.parametrize(("block_s", "status"), [(0, 302), (600, 429)])
def test_guessers_are_blocked_only_if_that_is_set(
    owner: User, other: User, settings: Settings, block_s: int, status: int
) -> None:
    settings.INTRUSION_BLOCK_S = block_s
    for _ in range(10):
        enter(owner, "198.51.100.1", password="wrong")
    tasks.look_for_guessing()
    assert enter(other, "198.51.100.1").status_code == status
    assert enter(other, "203.0.113.7").status_code == 302


def test_a_burst_is_told_once(owner: User, settings: Settings) -> None:
    settings.RATE_LIMIT_USER = (3, 60.0)
    api = ApiClient(owner)
    for _ in range(8):
        api.get("/me")
    assert kinds(owner=owner) == [Kind.BURST]
    assert AuditEvent.objects.filter(action="signal.burst").count() == 1


def test_a_broken_trail_is_told_to_the_managers(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Report(1, 1, 1, Finding(Fault.MISSING, 2, "Entry 2 is missing."))
    monkeypatch.setattr(tasks, tend_audit_trail.__name__, lambda: broken)
    assert tasks.tend_audit() is False
    assert words_of(SecuritySignal.objects.get(owner=None)).endswith("Entry 2 is missing.")


def test_content_is_never_a_signal(owner: User) -> None:
    text = "SELECT * FROM users; DROP TABLE users; <script>alert(1)</script> ../../etc/passwd"
    assert ApiClient(owner).post("/memories", {"content": text}).status_code == 201
    assert Memory.objects.get().content == text
    assert kinds() == []


def test_a_notice_is_shown_until_its_owner_puts_it_away(
    owner: User, other: User, client_for: Callable[[User], Client]
) -> None:
    signal = SecuritySignal.objects.create(owner=owner, kind=Kind.NEW_SIGN_IN, device="<b>x</b>", address="192.0.2.1")
    alice, path = client_for(owner), reverse("accounts:signal_dismiss", args=[signal.id])
    for page in ("/", "/account/activity/"):
        assert b"New sign-in from &lt;b&gt;x&lt;/b&gt;, 192.0.2.1." in alice.get(page).content
    assert client_for(other).post(path).status_code == 404
    assert alice.post(path, {"next": "https://evil.example/"})["Location"] == "/account/activity/"
    assert b"192.0.2.1" not in alice.get("/").content


@pytest.fixture
def signal(owner: User) -> SecuritySignal:
    return SecuritySignal.objects.create(owner=owner, kind=Kind.NEW_SIGN_IN, device="Firefox", address="192.0.2.1")


def test_it_is_mailed_once_to_whom_it_concerns(signal: SecuritySignal, owner: User, other: User) -> None:
    assert [tasks.mail_signals(), tasks.mail_signals()] == [1, 0]
    (message,) = mail.outbox
    assert message.to == [owner.email] and "New sign-in from Firefox, 192.0.2.1." in message.body


def test_mail_that_fails_is_tried_again(signal: SecuritySignal, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", refuse)
        assert tasks.mail_signals() == 0
    assert tasks.mail_signals() == 1


@pytest.mark.parametrize(("backend", "host"), [("console", "mail.example.org"), ("smtp", "localhost")])
def test_without_a_mail_server_nothing_is_sent(
    signal: SecuritySignal, settings: Settings, backend: str, host: str
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = f"django.core.mail.backends.{backend}.EmailBackend", host
    assert tasks.mail_signals() == 0
    signal.refresh_from_db()
    assert signal.mailed_at is None
