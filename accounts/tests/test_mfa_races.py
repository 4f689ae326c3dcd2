"""One code sent twice at the same moment lets one of the two in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.mfa.backup_codes import new_backup_codes
from accounts.models import User
from accounts.tests.authenticators import app_of, code_of
from conftest import PASSWORD

_AT_ONCE = 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "backup code"])
def test_of_four_at_once_one_gets_in(make_user: Callable[..., User], kind: str) -> None:
    user = make_user("nora@example.org")
    device = app_of(user)
    code = code_of(device) if kind == "app" else new_backup_codes(user=user)[0]
    clients = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in range(_AT_ONCE)]
    for client in clients:
        client.post(reverse("accounts:login"), {"username": user.email, "password": PASSWORD})
    start = Barrier(_AT_ONCE)

    def attempt(client: Client) -> bool:
        try:
            start.wait(timeout=20)
            return client.post(reverse("accounts:second_factor"), {"code": code}).status_code == 302
        finally:
            connection.close()

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        assert sum(pool.map(attempt, clients)) == 1
