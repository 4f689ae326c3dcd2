"""The apps that people let in: using their tokens, listing them, and showing them out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken, clear_expired

from accounts.audit import record
from accounts.models import AppConnection, DeviceRequest, SpentCode, User
from accounts.oauth.resources import reaches
from accounts.oauth.token_texts import checksum
from accounts.tokens import OAUTH_ACCESS, prefix_of
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound

_TOUCH_EVERY = timedelta(minutes=1)
_PRUNED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who stands behind an access token, and which scopes it carries before their role is considered."""

    owner: User
    scopes: frozenset[str]


def is_access_token(text: str) -> bool:
    """Whether a text has the form of an OAuth access token, checksum included; the database is not asked."""
    return prefix_of(text, OAUTH_ACCESS) is not None


def authenticate_token(text: str, *, path: str, address: str | None) -> Bearer | None:
    """The bearer of a live token that is meant for this path, else None. Notes its use at most once a minute."""
    if not is_access_token(text):
        return None
    token = AccessToken.objects.select_related("user").filter(token_checksum=checksum(text)).first()
    if token is None or token.is_expired() or token.user is None or not token.user.is_active:
        return None
    if not reaches(token.resource, path):
        return None
    _note_use(token, address)
    return Bearer(token.user, frozenset(token.scope.split()))


def _note_use(token: AccessToken, address: str | None) -> None:
    row, moment = AppConnection.objects.filter(owner=token.user, application=token.application_id), now()
    stale = ~Q(last_used_at__gt=moment - _TOUCH_EVERY, last_used_address=address) | Q(last_used_at=None)
    row.filter(stale).update(last_used_at=moment, last_used_address=address)


def connect(*, owner: User, application: Application, scopes: Iterable[str]) -> AppConnection:
    """Note that a person let an app in; scopes of earlier times stay listed, since their tokens may live."""
    row, _ = AppConnection.objects.get_or_create(owner=owner, application=application, defaults={"scopes": []})
    row.scopes = sorted({*row.scopes, *scopes})
    row.save(update_fields=["scopes"])
    return row


def connections_of(owner: User) -> list[AppConnection]:
    """The apps that a person let in, last used first."""
    rows = AppConnection.objects.filter(owner=owner).select_related("application")
    return list(rows.order_by(F("last_used_at").desc(nulls_last=True), "-created_at"))


def connection_or_404(owner: User, connection_id: UUID) -> AppConnection:
    """One of a person's own. Raises NotFound for any other."""
    row = AppConnection.objects.select_related("application").filter(owner=owner, id=connection_id).first()
    if row is None:
        raise NotFound("There is no app of yours with this id.")
    return row


def disconnect(*, owner: User, connection_id: UUID) -> None:
    """Make every token, code and open question of an app for this person worthless at once. Raises NotFound."""
    with transaction.atomic():
        row = connection_or_404(owner, connection_id)
        _end_access(owner, row.application)
        row.delete()
        record("oauth.disconnected", actor=owner, target=row.application)


def _end_access(owner: User, application: Application) -> None:
    for family in set(_live(owner, application).values_list("token_family", flat=True)):
        RefreshToken.revoke_family(family)
    for model in (AccessToken, Grant):
        model.objects.filter(user=owner, application=application).delete()
    DeviceRequest.objects.filter(owner=owner, application=application).delete()


def _live(owner: User, application: Application) -> Any:
    return RefreshToken.objects.filter(user=owner, application=application, revoked=None)


def end_all_tokens(*, application: Application, actor: User | None) -> None:
    """Show an app out everywhere, for everybody (an administrator's action)."""
    with transaction.atomic():
        for model in (AccessToken, Grant, RefreshToken):
            model.objects.filter(application=application).delete()
        DeviceRequest.objects.filter(application=application).delete()
        AppConnection.objects.filter(application=application).delete()
        record("oauth.ended_for_all", actor=actor, target=application)


def tidy_oauth() -> int:
    """Remove what has run out, and apps that registered themselves and nobody let in; returns how many of those."""
    moment = now()
    clear_expired()
    DeviceRequest.objects.filter(expires_at__lt=moment - timedelta(hours=1)).delete()
    SpentCode.objects.filter(spent_at__lt=moment - timedelta(seconds=settings.OAUTH_REFRESH_S)).delete()
    unused = Application.objects.filter(
        registration_source=Application.RegistrationSource.DCR,
        created__lt=moment - timedelta(seconds=settings.OAUTH_UNUSED_CLIENT_S),
        connections=None,
    )
    ids = list(unused.values_list("pk", flat=True)[:_PRUNED_AT_ONCE])
    Application.objects.filter(pk__in=ids).delete()
    return len(ids)
