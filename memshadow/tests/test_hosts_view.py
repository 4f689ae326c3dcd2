"""Requests under a name that this server was not told."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/account/login/", "/api/v1/me"])
def test_an_unknown_host_is_400_and_says_what_to_set(path: str) -> None:
    response = Client().get(path, headers={"host": "192.168.1.5:8000"})
    assert response.status_code == 400
    assert "reached as 192.168.1.5:8000" in response.content.decode()
    assert "MEMSHADOW_ALLOWED_HOSTS" in response.content.decode()


def test_a_hostile_host_is_escaped(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    response = client.get("/", headers={"host": "<script>alert(1)</script>"})
    assert response.status_code == 400
    assert "<script>alert" not in response.content.decode()
