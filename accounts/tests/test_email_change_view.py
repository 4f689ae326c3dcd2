"""A new e-mail address, attacked: one confirmation, crossed links, undoing, taken addresses, and time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, EmailChange, Session, User
from conftest import PASSWORD
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db
URL = "/account/email/"
OLD, NEW = "alice@example.org", "new@example.org"
UNDO = {"action": "undo"}


@pytest.fixture
def client(owner: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(owner)


@pytest.fixture
def ask(client: Client, django_capture_on_commit_callbacks: Callable[..., object]) -> Callable[..., tuple[str, str]]:
    """Ask for a change; returns the paths of the links that went to the old and to the new address."""

    def ask(new: str = NEW) -> tuple[str, str]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            assert client.post(URL, {"new_email": new}).status_code == 302
        by_address = {message.to[0]: str(message.body) for message in mail.outbox}
        return link_in(by_address[OLD]), link_in(by_address[new])

    return ask


def link_in(body: str) -> str:
    found = re.search(r"https?://[^/]+(/account/email/\S+/)", body)
    return found.group(1) if found else ""


def address_of(user: User) -> str:
    return User.objects.get(pk=user.pk).email


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_it_happens_when_both_have_confirmed(
    client: Client, owner: User, ask: Callable[..., tuple[str, str]], order: tuple[int, int]
) -> None:
    links = ask()
    first, second = (links[number] for number in order)
    assert b"Yes, change it" in Client().get(first).content and address_of(owner) == OLD
    assert b"when the other one has confirmed" in Client().post(first).content and address_of(owner) == OLD
    assert b"Both addresses confirmed" in Client().post(second).content and address_of(owner) == NEW
    assert client.get("/").status_code == 302
    assert Client().post(reverse("accounts:login"), {"username": NEW, "password": PASSWORD}).status_code == 302
    assert AuditEvent.objects.filter(action="email.changed", actor=owner).count() == 1


def test_one_address_alone_changes_nothing_however_often(owner: User, ask: Callable[..., tuple[str, str]]) -> None:
    _, new = ask()
    for _ in range(3):
        Client().post(new)
    assert address_of(owner) == OLD


def test_opening_a_link_confirms_nothing(owner: User, ask: Callable[..., tuple[str, str]]) -> None:
    for link in ask():
        Client().get(link)
    change = EmailChange.objects.get()
    assert (change.old_confirmed_at, change.new_confirmed_at) == (None, None)


def test_tokens_are_not_in_the_database(ask: Callable[..., tuple[str, str]]) -> None:
    row = str(EmailChange.objects.values().get()) if ask() else ""
    for message in mail.outbox:
        assert link_in(str(message.body)).split("/")[3] not in row


def test_confirming_in_a_browser_that_is_signed_in_keeps_it_and_ends_the_others(
    client: Client, owner: User, ask: Callable[..., tuple[str, str]], client_for: Callable[[User], Client]
) -> None:
    thief = client_for(owner)
    old, new = ask()
    client.post(old)
    client.post(new)
    assert client.get("/").status_code == 200 and thief.get("/").status_code == 302


@pytest.mark.parametrize("confirmed", [0, 1, 2])
def test_the_old_address_says_no_and_all_is_as_before(
    client: Client, owner: User, ask: Callable[..., tuple[str, str]], confirmed: int
) -> None:
    old, new = ask()
    for link in (old, new)[:confirmed]:
        Client().post(link)
    assert Client().post(old, UNDO)["Location"] == reverse("accounts:password_reset")
    assert address_of(owner) == OLD and not Session.objects.filter(user=owner).exists()
    assert [Client().post(link).status_code for link in (old, new)] == [404, 404]
    assert address_of(owner) == OLD


def test_the_new_address_cannot_undo_nor_confirm_for_the_old(owner: User, ask: Callable[..., tuple[str, str]]) -> None:
    old, new = ask()
    assert Client().post(new, UNDO).status_code == 404
    assert b"That was not me" not in Client().get(new).content and b"That was not me" in Client().get(old).content
    assert EmailChange.objects.get().undone_at is None


def test_confirming_takes_a_day_at_most_and_undoing_seven(owner: User, ask: Callable[..., tuple[str, str]]) -> None:
    old, new = ask()
    EmailChange.objects.update(asked_at=now() - timedelta(hours=24, seconds=1))
    assert [Client().post(old).status_code, Client().post(new).status_code] == [404, 404]
    EmailChange.objects.update(asked_at=now())
    for link in (old, new):
        Client().post(link)
    EmailChange.objects.update(asked_at=now() - timedelta(days=7, seconds=1))
    assert Client().post(old, UNDO).status_code == 404 and address_of(owner) == NEW
    EmailChange.objects.update(asked_at=now() - timedelta(days=6, hours=23))
    assert Client().post(old, UNDO).status_code == 302 and address_of(owner) == OLD


def test_asking_again_withdraws_the_links_before(owner: User, ask: Callable[..., tuple[str, str]]) -> None:
    before = ask("first@example.org")
    ask("second@example.org")
    assert [Client().post(link).status_code for link in before] == [404, 404]
    assert address_of(owner) == OLD


def test_a_taken_address_is_told_to_that_address_only(
    client: Client, owner: User, other: User, ask: Callable[..., tuple[str, str]]
) -> None:
    free = client.post(URL, {"new_email": NEW})
    old, link_to_the_other = ask(other.email)
    taken = client.post(URL, {"new_email": other.email})
    assert (free.status_code, free["Location"]) == (taken.status_code, taken["Location"])
    assert link_to_the_other == "" and "have an account already" in mail.outbox[-1].subject
    assert old


def test_an_address_that_is_taken_meanwhile_is_a_conflict(
    owner: User, ask: Callable[..., tuple[str, str]], make_user: Callable[..., User]
) -> None:
    old, new = ask()
    make_user(NEW)
    Client().post(old)
    assert Client().post(new).status_code == 409 and address_of(owner) == OLD


@pytest.mark.parametrize(
    ("new", "words"), [("nonsense", b"valid email"), ("ALICE@example.org", b"your address already")]
)
def test_a_bad_address_is_explained(client: Client, new: str, words: bytes) -> None:
    assert words in client.post(URL, {"new_email": new}).content and not EmailChange.objects.exists()


def test_it_asks_who_one_is_first(client: Client) -> None:
    Session.objects.update(confirmed_at=None)
    assert client.get(URL)["Location"].startswith("/account/confirm/")
    assert b"Confirm that it is you" in client.post(URL, {"new_email": NEW}).content
    assert not EmailChange.objects.exists()
    answer = {"confirm_by": "password", "confirm_answer": PASSWORD}
    assert client.post(URL, {"new_email": NEW} | answer)["Location"] == URL
    assert EmailChange.objects.get().new_email == NEW
