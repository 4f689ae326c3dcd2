"""Signing in a program that has no browser: it shows a code, a person types it and decides (RFC 8628)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from oauth2_provider.models import Application

from accounts.audit import Result, record
from accounts.models import DeviceRequest, User
from accounts.oauth.clients import DEFAULT_SCOPES, offered, scopes_open_to
from accounts.oauth.connections import connect
from accounts.oauth.token_texts import as_shown, as_typed, checksum, new_device_code, new_user_code
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound, ValidationFailed


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What the program is told, once."""

    device_code: str
    user_code: str
    expires_in_s: int
    interval_s: int


def _hash_of_typed(text: str) -> str:
    """Under the server's secret: eight letters alone would be found from a plain hash."""
    return salted_hmac("accounts.oauth.user_code", as_typed(text), algorithm="sha256").hexdigest()


def begin(*, application: Application, scopes: list[str], resource: list[str], address: str | None) -> NewDevice:
    """A new question, open for ten minutes. Raises ValidationFailed for scopes that the app may not ask for."""
    wanted = scopes or list(DEFAULT_SCOPES)
    beyond = sorted(set(wanted) - scopes_open_to(application))
    if beyond:
        raise ValidationFailed(f"This app cannot have {' '.join(beyond)[:200]}.", field="scope")
    device_code, user_code = new_device_code(), new_user_code()
    DeviceRequest.objects.create(
        application=application,
        device_code_hash=checksum(device_code),
        user_code_hash=_hash_of_typed(user_code),
        scopes=wanted,
        resource=resource,
        address=address,
        interval_s=settings.OAUTH_DEVICE_INTERVAL_S,
        expires_at=now() + timedelta(seconds=settings.OAUTH_DEVICE_S),
    )
    return NewDevice(device_code, as_shown(user_code), settings.OAUTH_DEVICE_S, settings.OAUTH_DEVICE_INTERVAL_S)


def waiting_for(typed: str) -> DeviceRequest:
    """The open question with this code. Raises NotFound, the same for wrong, answered and expired ones."""
    rows = DeviceRequest.objects.select_related("application").filter(user_code_hash=_hash_of_typed(typed))
    row = rows.first()
    if row is None or not row.is_open(now()):
        raise NotFound("No program waits with this code. Look at its window again; a code works for ten minutes.")
    return row


def offered_to(row: DeviceRequest, user: User) -> list[str]:
    """The scopes asked for that this person can give."""
    return offered(row.scopes, user.role)


def approve_device(*, typed: str, user: User, scopes: Iterable[str]) -> DeviceRequest:
    """Let the program in. Raises NotFound for a code that is not open, ValidationFailed for no scope offered."""
    with transaction.atomic():
        row = _locked(typed)
        given = [name for name in offered_to(row, user) if name in set(scopes)]
        if not given:
            raise ValidationFailed("Choose at least one thing that the program may do, or refuse.", field="scopes")
        row.state, row.owner, row.scopes = DeviceRequest.State.APPROVED, user, given
        row.save(update_fields=["state", "owner", "scopes"])
        connect(owner=user, application=row.application, scopes=given)
        record("oauth.approved", actor=user, target=row.application, scopes=given, way="device", asked_from=row.address)
    return row


def refuse_device(*, typed: str, user: User) -> DeviceRequest:
    """Tell the program no. Raises NotFound for a code that is not open."""
    with transaction.atomic():
        row = _locked(typed)
        row.state = DeviceRequest.State.REFUSED
        row.save(update_fields=["state"])
        record("oauth.refused", actor=user, target=row.application, result=Result.REFUSED, way="device")
    return row


def _locked(typed: str) -> DeviceRequest:
    """Two people cannot answer the same question."""
    found = waiting_for(typed)
    row = DeviceRequest.objects.select_for_update(of=("self",)).select_related("application").get(pk=found.pk)
    if not row.is_open(now()):
        raise NotFound("This code has just been answered.")
    return row
