"""The first start: a one-time link, or a command, that makes the owner of this server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from accounts.flows.creating import create_account
from accounts.models import Invitation, Role, User
from accounts.tokens import hash_secret, new_link_token
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict

LINK_LIFETIME = timedelta(days=1)
_OWNER_LOCK = 0x6D656D01


def owner_exists() -> bool:
    """True once somebody owns this server."""
    return User.objects.filter(role=Role.OWNER).exists()


def setup_link() -> str | None:
    """A fresh one-time address that makes the owner's account, or None when there is an owner.

    Every call withdraws the links printed before.
    """
    if owner_exists():
        return None
    token = new_link_token()
    with transaction.atomic():
        Invitation.objects.filter(role=Role.OWNER, used_at=None).delete()
        Invitation.objects.create(token_hash=hash_secret(token), role=Role.OWNER, expires_at=now() + LINK_LIFETIME)
    return settings.BASE_URL.rstrip("/") + reverse("accounts:setup", args=[token])


def ensure_owner(*, email: str, password: str | None = None) -> tuple[User, bool]:
    """The owner of this server and whether this call made them.

    Raises Conflict when somebody with another address owns it.
    """
    with one_owner_at_a_time():
        owner = User.objects.filter(role=Role.OWNER).order_by("created_at").first()
        if owner is None:
            return create_account(email=email, password=password, role=Role.OWNER), True
    if owner.email != email.strip().lower():
        raise Conflict(f"This server already belongs to {owner.email}; sign in as that account.")
    return owner, False


@contextmanager
def one_owner_at_a_time() -> Iterator[None]:
    """A transaction in which no second owner can be made."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_OWNER_LOCK])
        yield
