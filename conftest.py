"""Fixtures for every test: people, their clients and keys, and the indexing sweep run to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.flows.api_keys import create_api_key
from accounts.flows.creating import create_account
from accounts.mfa.factors import remaining_factor
from accounts.models import Role, User
from memshadow.lib.row_wall import release

PASSWORD = "correct horse battery"  # noqa: S105


@pytest.fixture(autouse=True)
def nobodys_statements() -> Iterator[None]:
    """What a test calls past the middleware that ends a request leaves nobody's confines to the next test."""
    yield
    release()


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Make a person with keys; the password is PASSWORD."""

    def make(email: str, role: str = Role.MEMBER) -> User:
        return create_account(email=email, password=PASSWORD, role=role, display_name=email.split("@")[0].title())

    return make


@pytest.fixture
def owner(make_user: Callable[..., User]) -> User:
    """Alice, who owns the server."""
    return make_user("alice@example.org", Role.OWNER)


@pytest.fixture
def other(make_user: Callable[..., User]) -> User:
    """Bob, a member with memories of his own."""
    return make_user("bob@example.org")


@pytest.fixture
def viewer(make_user: Callable[..., User]) -> User:
    """Vera, who may only read."""
    return make_user("vera@example.org", Role.VIEWER)


@pytest.fixture
def staff(make_user: Callable[..., User]) -> User:
    """Charlie, an administrator."""
    return make_user("charlie@example.org", Role.ADMINISTRATOR)


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """A browser in which that person is signed in, with the second factor where they have one."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        factor = remaining_factor(user)
        if factor is not None:
            session = client.session
            session[DEVICE_ID_SESSION_KEY] = factor.persistent_id
            session.save()
        return client

    return sign_in


@pytest.fixture
def api_key() -> Callable[..., str]:
    """The text of a new API key of that person."""

    def make(user: User, scopes: tuple[str, ...] = ("memories:*", "export")) -> str:
        return create_api_key(owner=user, name="test", scopes=scopes)[1]

    return make


@pytest.fixture
def index_all() -> Callable[[], int]:
    """Run the indexing sweep, with the real model, until nothing is pending; returns how many it indexed."""
    from memories.indexing import index_pending

    return index_pending
