"""Guessing passwords: locked by name and address, and nothing told about who exists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import reverse

from accounts.mfa.lockout import forgive
from accounts.models import User
from conftest import PASSWORD
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db
WRONG = "wrong"


def attempt(email: str, password: str = WRONG, address: str = "192.0.2.1") -> Any:
    client = Client(REMOTE_ADDR=address)
    return client.post(reverse("accounts:login"), {"username": email, "password": password})


def test_the_fifth_wrong_password_locks_and_the_right_one_comes_too_late(owner: User) -> None:
    assert [attempt(owner.email).status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    response = attempt(owner.email, PASSWORD)
    assert response.status_code == 429 and b"Wait 15 minutes, then try again." in response.content
    assert 890 < int(response["Retry-After"]) <= 901


def test_names_that_exist_and_names_that_do_not_are_answered_alike(owner: User) -> None:
    def answers(email: str) -> list[tuple[int, bytes]]:
        seen = [attempt(email) for _ in range(6)]
        return [(r.status_code, r.content.replace(email.encode(), b"X")[-2000:]) for r in seen]

    def plain(found: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        return [(status, body.partition(b"<h1>")[2].partition(b"csrf")[0]) for status, body in found]

    assert plain(answers(owner.email)) == plain(answers("nobody@example.org"))


@pytest.mark.parametrize("kind", ["right name", "unknown name", "inactive", "no password"])
def test_every_refusal_does_the_same_work(owner: User, other: User, kind: str) -> None:
    """Equal timing, by construction: one password hash, whatever is wrong. (A clock would make a flaky test.)"""
    User.objects.filter(pk=other.pk).update(is_active=False)
    email = {"unknown name": "nobody@example.org", "inactive": other.email}.get(kind, owner.email)
    if kind == "no password":
        owner.set_unusable_password()
        owner.save()
    with patch.object(MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode) as hashed:
        assert attempt(email).status_code == 200
    assert hashed.call_count == 1


def test_another_spelling_of_the_name_is_the_same_name(owner: User) -> None:
    for email in ("alice@example.org", "ALICE@example.org", " alice@example.org", "Alice@Example.Org"):
        attempt(email)
    assert attempt("aLice@example.org").status_code == 429


def test_another_browser_is_the_same_attacker(owner: User) -> None:
    for number in range(4):
        client = Client(REMOTE_ADDR="192.0.2.1", headers={"user-agent": f"Browser {number}"})
        client.post(reverse("accounts:login"), {"username": owner.email, "password": "wrong"})
    assert attempt(owner.email).status_code == 429


def test_a_header_does_not_change_the_address(owner: User) -> None:
    for number in range(4):
        client = Client(REMOTE_ADDR="192.0.2.1", headers={"x-forwarded-for": f"198.51.100.{number}"})
        client.post(reverse("accounts:login"), {"username": owner.email, "password": "wrong"})
    assert attempt(owner.email).status_code == 429


def test_the_person_comes_in_from_elsewhere_meanwhile(owner: User, other: User) -> None:
    for _ in range(5):
        attempt(owner.email)
    assert attempt(owner.email, PASSWORD, address="198.51.100.7").status_code == 302
    assert attempt(other.email, PASSWORD).status_code == 302


def test_the_lock_ends_after_its_time_and_attempts_do_not_prolong_it(owner: User) -> None:
    for _ in range(5):
        attempt(owner.email)
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=14, seconds=30))
    response = attempt(owner.email, PASSWORD)
    assert response.status_code == 429 and b"seconds, then try again" in response.content
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=15, seconds=1))
    assert attempt(owner.email, PASSWORD).status_code == 302


def test_a_lock_can_be_lifted(owner: User) -> None:
    for _ in range(5):
        attempt(owner.email)
    forgive(name="ALICE@example.org")
    assert attempt(owner.email, PASSWORD).status_code == 302


def test_what_was_typed_is_not_kept(owner: User) -> None:
    attempt(owner.email, "my secret phrase")
    row = AccessAttempt.objects.get()
    kept = f"{row.get_data} {row.post_data} {row.path_info}"
    assert "secret" not in kept and owner.email not in kept
